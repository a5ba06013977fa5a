import KernelState

/// Entries that could not be inserted: two packets of one connection, or of two that look alike from one side, raced each other.
struct InsertRace: Rule {
    static let id = "insert-race"
    private var queries = 0
    private var example: Connection?

    func interest(in sample: Sample) -> Interest { .having([.udp, .dns]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        queries += 1
        if example == nil, connection.service != nil { example = connection }
    }

    func report(on subject: Case) -> RuleReport {
        guard let failed = subject.growth(\.insertFailed) else { return .unchecked(subject.cannotCompareCounters) }
        guard failed > 0 else { return .silence }
        let isDNS = queries > 0
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "packets are lost while their conntrack entries are inserted",
            cause: isDNS
                ? "A resolver sends its A and AAAA queries at once from one socket; both make an entry, one of them fails and its "
                    + "packet is dropped: 5 s until the client asks again."
                : "Packets that make the same entry, or translate to the same one, arrive at once on two CPUs; one of them is dropped.",
            remedy: isDNS
                ? "NodeLocal DNSCache (no translation for DNS), or `options single-request-reopen` in the clients' resolv.conf."
                : "Where a masquerade chooses the ports, `--random-fully` makes it rare.",
            references: ["kubernetes/kubernetes#56903"])
        finding.evidence = ["insert_failed rose by \(failed) in \(secondsText(subject.seconds))"]
        if let resolved = subject.growth(\.clashResolve), resolved > 0 {
            finding.evidence.append("\(resolved) more such races were resolved by the kernel")
        }
        if isDNS { finding.evidence.append("\(counted(queries, "DNS entry", "DNS entries")) over UDP in the table") }
        finding.measures = [Measure("insert_failed", failed), Measure("clash_resolved", subject.growth(\.clashResolve) ?? 0)]
        finding.connections = example.map { [$0] } ?? []
        finding.commands = [subject.commandPrefix + "conntrack -S", "\(NextCommands.conn(in: subject)) --port 53 --protocol udp --watch"]
        return .findings([finding])
    }
}
