import Correlation
import KernelState

/// Connections that a drained or removed backend still has: they end by themselves, or at their timeout.
struct Draining: Rule {
    static let id = "draining"

    func report(on subject: Case) -> RuleReport {
        .findings(
            subject.services.flatMap { service in
                service.backends.compactMap { backend in
                    guard backend.verdict == .draining || backend.verdict == .stale, backend.connections.total > 0 else { return nil }
                    return finding(service, backend, subject)
                }
            })
    }

    private func finding(_ service: ServiceState, _ backend: BackendState, _ subject: Case) -> Finding {
        let gone = backend.verdict == .stale
        var finding = Finding(
            rule: Self.id, severity: .info,
            title:
                "\(counted(backend.connections.total, "connection")) \(backend.connections.total == 1 ? "is" : "are") still with "
                + "\(backend.endpoint), \(gone ? "which the service no longer has" : "which is drained")",
            cause: gone
                ? "They were begun before the backend was taken out."
                : "Weight 0 gives a backend no new connections and leaves it the old ones.",
            remedy: "None is needed while they end; what stays for long hangs on a dead peer, or on a client that never closes.",
            references: ["kubernetes/kubernetes#77903", "kubernetes/kubernetes#118814"])
        finding.transport = service.transport
        finding.service = service.endpoint
        finding.backend = backend.endpoint
        finding.evidence = [backend.evidence]
        finding.measures = [Measure("connections", backend.connections.total)]
        finding.commands = ["\(NextCommands.conn(to: backend.endpoint, in: subject)) --watch"]
        return finding
    }
}
