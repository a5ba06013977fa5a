import KernelState

/// A TCP entry that still sends its client to an address that the service no longer has.
struct StaleTCP: Rule {
    static let id = "stale-tcp"
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { sample.endpoints.isEmpty ? .none : .having([.tcp, .unreplied, .served]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.conntrack?.state == .tcp(.synSent), sample.standing(of: connection) == .absent,
            AddressReused.holder(of: connection, in: sample) == nil
        else { return }
        suspects.note(connection, timer: connection.conntrack?.timeout, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        var report = StaleEntries(suspects, in: subject).report { group, renewed in
            Self.finding(group, renewed, severity: .warning)
        }
        guard subject.samples.count > 1 else { return report }
        for group in suspects.present(in: subject.last) where group.renewed.isEmpty && !group.lasting.isEmpty {
            report.findings.append(Self.quiet(group, in: subject))
        }
        return report
    }

    /// From Linux 5.14 on a SYN neither renews such an entry nor is counted: it is stale for as long as it lasts, 120 s. Before, an
    /// entry that nothing renews is one whose client has given up.
    private static func quiet(_ group: Suspects.Group, in subject: Case) -> Finding {
        let hidesRepetitions = KernelVersion(release: subject.place.kernel) >= KernelVersion(major: 5, minor: 14)
        var finding = finding(group, group.lasting, severity: hidesRepetitions ? .warning : .info)
        finding.evidence.append(
            hidesRepetitions
                ? "it lasted all of \(secondsText(subject.seconds)); this kernel (5.14 or later) does not show whether the client's SYNs still come"
                : "nothing renewed it within \(secondsText(subject.seconds)): its client may have given up")
        finding.measures = [Measure("connections", group.count), Measure("renewed", 0)]
        finding.commands = NextCommands.release(finding.connections, in: subject)
        return finding
    }

    private static func finding(_ group: Suspects.Group, _ shown: [Suspect], severity: Severity) -> Finding {
        var finding = Finding(
            rule: Self.id, severity: severity,
            title: "a stale TCP entry holds clients on \(group.subject.backend), which the service no longer has",
            cause: "The client's SYNs meet an entry made before the backend went, and kube-proxy deletes no TCP entries.",
            remedy: shown.contains { $0.connection.ipvs != nil }
                ? "Let IPVS drop connections whose backend is gone: \(IPVSSetting.expireWithoutBackend)=1."
                : "Delete the entry: the next SYN is then sent to a backend that serves.",
            references: ["kubernetes/kubernetes#101607", "kubernetes/kubernetes#102669"])
        finding.evidence = ["\(counted(group.count, "connection")) in SYN_SENT [UNREPLIED] to a backend that is not among the service's"]
        finding.describe(group, showing: shown)
        return finding
    }
}
