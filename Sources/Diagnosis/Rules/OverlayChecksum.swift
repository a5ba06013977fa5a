import Correlation
import KernelState

/// Services whose backends are behind an overlay get no answer, while others do: packets are lost inside the overlay.
struct OverlayChecksum: Rule {
    static let id = "overlay-checksum"
    private var examples: [Connection] = []
    private var direct = TranslatedDestinations()

    func interest(in sample: Sample) -> Interest {
        sample.facts.interfaces.contains(where: \.isOverlay) ? .having([.tcp, .served, .unreplied], [.tcp, .direct]) : .none
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        if connection.service != nil {
            if examples.count < 64 { examples.append(connection) }
        } else if connection.conntrack?.isUnreplied == false {
            direct.note(Endpoint(address: connection.backend.address, port: 0))
        }
    }

    func report(on subject: Case) -> RuleReport {
        let loss = OverlayLoss(subject)
        guard let device = loss.device, let worst = loss.silent.max(by: { $0.backend.connections.unreplied < $1.backend.connections.unreplied })
        else { return .silence }
        let unreplied = loss.silent.reduce(0) { $0 + $1.backend.connections.unreplied }
        var finding = Finding(
            rule: Self.id, severity: .critical, title: "no backend behind \(device.name) answers a service",
            cause:
                "The outer packets are lost, or the inner ones arrive with a wrong checksum, which the kernel's offload makes of "
                + "packets that are translated before they enter the overlay.",
            remedy: "Look at the outer packets on both nodes; where they arrive, switch the device's checksum offload off.",
            references: ["kubernetes/kubernetes#88986", "projectcalico/calico#3145"])
        finding.transport = worst.service.transport
        finding.service = worst.service.endpoint
        finding.backend = worst.backend.endpoint
        finding.evidence = [
            "\(counted(unreplied, "connection")) unreplied to \(counted(loss.silent.count, "backend")) behind \(device.name); none "
                + "behind it answers a service"
        ]
        let reached = loss.silent.filter { direct.contains(Endpoint(address: $0.backend.endpoint.address, port: 0)) }
        if let pod = reached.first?.backend.endpoint.address {
            finding.evidence.append("without the service, \(pod) answers: it is the translated packets that are lost")
        }
        finding.measures = [Measure("unreplied", unreplied), Measure("backends", loss.silent.count), Measure("answering_directly", reached.count)]
        finding.connections = examples.filter { loss.explains($0.backend) }.suffix(Finding.connectionLimit)
        finding.commands = NextCommands.capture(worst.backend.endpoint, in: subject)
        finding.commands.append(subject.commandPrefix + "ethtool --offload \(NextCommands.quoted(device.name)) tx off")
        return .findings([finding])
    }
}
