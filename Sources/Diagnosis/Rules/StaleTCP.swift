import KernelState

/// A TCP entry that still sends its client to an address that the service no longer has.
struct StaleTCP: Rule {
    static let id = "stale-tcp"
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { sample.endpoints.isEmpty ? .none : .having([.tcp, .unreplied, .served]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.conntrack?.state == .tcp(.synSent), sample.standing(of: connection) == .absent else { return }
        suspects.note(connection, timer: connection.conntrack?.timeout, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        StaleEntries(suspects, in: subject).report { group, renewed in
            var finding = Finding(
                rule: Self.id, severity: .warning,
                title: "a stale TCP entry holds clients on \(group.subject.backend), which the service no longer has",
                cause: "The client's SYNs meet an entry made before the backend went; kube-proxy deletes no TCP entries, and each SYN renews it.",
                remedy: "Delete the entry: the next SYN is then sent to a backend that serves.",
                references: ["kubernetes/kubernetes#101607", "kubernetes/kubernetes#102669"])
            finding.evidence = ["\(counted(group.count, "connection")) in SYN_SENT [UNREPLIED] to a backend that is not among the service's"]
            finding.describe(group, showing: renewed)
            return finding
        }
    }
}
