import KernelState

/// A UDP entry that still sends its client to an address that the service no longer has, without IPVS.
struct StaleUDP: Rule {
    static let id = "stale-udp"
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { sample.endpoints.isEmpty ? .none : .having([.udp, .unreplied, .served]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.ipvs == nil, sample.standing(of: connection) == .absent else { return }
        suspects.note(connection, timer: connection.conntrack?.timeout, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        StaleEntries(suspects, in: subject).report { group, renewed in
            var finding = Finding(
                rule: Self.id, severity: .warning,
                title: "a stale UDP entry sends packets to \(group.subject.backend), which the service no longer has",
                cause: "The entry was made before the backend went, and the client's packets keep it alive.",
                remedy: "Delete the entry; kube-proxy 1.32 and later does it by itself.",
                references: ["kubernetes/kubernetes#125467", "kubernetes/kubernetes#126130"])
            finding.evidence = ["\(counted(group.count, "connection")) [UNREPLIED] to a backend that is not among the service's"]
            finding.describe(group, showing: renewed)
            return finding
        }
    }
}
