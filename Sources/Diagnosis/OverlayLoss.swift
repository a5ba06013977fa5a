import Correlation
import KernelState

/// Backends behind an overlay device that are all silent, while those reached without it are not: packets are lost on the way.
struct OverlayLoss {
    private(set) var device: NetworkInterface?
    private(set) var silent: [(service: ServiceState, backend: BackendState)] = []
    private let addresses: Set<IPAddress>

    init(_ subject: Case) {
        var behind: [(service: ServiceState, backend: BackendState)] = []
        var answersBehind = false
        var device: NetworkInterface?
        if subject.last.facts.interfaces.contains(where: \.isOverlay) {
            for service in subject.services {
                for backend in service.backends where backend.connections.total > 0 {
                    guard let interface = subject.routes.paths(to: backend.endpoint.address).first?.interface, interface.isOverlay else { continue }
                    if backend.verdict == .silent {
                        behind.append((service, backend))
                    } else if backend.connections.replied > 0 {
                        answersBehind = true
                    }
                    device = interface
                }
            }
        }
        if !answersBehind, !behind.isEmpty {
            silent = behind
            self.device = device
        }
        addresses = Set(silent.map { $0.backend.endpoint.address })
    }

    /// True when the overlay is why a backend is silent.
    func explains(_ backend: Endpoint) -> Bool { addresses.contains(backend.address) }
}

extension NetworkInterface {
    var isOverlay: Bool { kind == "vxlan" || kind == "geneve" }
}
