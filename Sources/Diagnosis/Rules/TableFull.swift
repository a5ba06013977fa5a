import KernelState

/// The conntrack table is nearly full, or turns new connections away: who fills it.
struct TableFull: Rule {
    static let id = "table-full"
    private static let nearlyFull = 0.75
    private static let full = 0.9

    private var clients = TopTalkers<IPAddress>()
    private var services = TopTalkers<Endpoint>()
    private var sampleIndex = -1

    func interest(in sample: Sample) -> Interest {
        Self.fill(sample).map { $0 >= Self.nearlyFull } ?? false ? .having([.inConntrack]) : .none
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        if sampleIndex != sample.index {
            sampleIndex = sample.index
            clients = TopTalkers()
            services = TopTalkers()
        }
        clients.add(connection.client.address)
        services.add(connection.service ?? connection.backend)
    }

    private static func fill(_ sample: Sample) -> Double? {
        guard let count = sample.facts.number("net.netfilter.nf_conntrack_count"),
            let limit = sample.facts.number("net.netfilter.nf_conntrack_max"), limit > 0
        else { return nil }
        return Double(count) / Double(limit)
    }

    func report(on subject: Case) -> RuleReport {
        guard let fill = Self.fill(subject.last), let count = subject.last.facts.number("net.netfilter.nf_conntrack_count"),
            let limit = subject.last.facts.number("net.netfilter.nf_conntrack_max")
        else { return .unchecked("nf_conntrack_count and nf_conntrack_max are not known: conntrack is not loaded, or `sysctl -a` was not saved") }
        let dropped = subject.growth(\.drop) ?? 0
        let evicted = subject.growth(\.earlyDrop) ?? 0
        guard fill >= Self.nearlyFull || evicted > 0 else { return .silence }
        let percent = Int(fill * 100)
        let suffers = evicted > 0 || dropped > 0
        var finding = Finding(
            rule: Self.id, severity: suffers || fill >= Self.full ? .critical : .warning,
            title: suffers ? "the conntrack table is full: new connections are lost" : "the conntrack table is \(percent) % full",
            cause: "More connections are tracked than the table may hold; a new one then replaces another or is dropped.",
            remedy: "Find what makes the connections below; raise nf_conntrack_max, and the buckets to a quarter of it, where they are wanted.",
            references: ["kubernetes/kubernetes#18604", "kubernetes/kubernetes#71261"])
        finding.evidence = ["\(count) of \(limit) entries (\(percent) %)"]
        if subject.growth(\.drop) != nil {
            finding.evidence.append("in \(secondsText(subject.seconds)): \(dropped) packets dropped, \(evicted) entries evicted early")
        }
        finding.evidence += talkers()
        finding.measures = [
            Measure("entries", count), Measure("limit", limit), Measure("dropped", dropped), Measure("evicted", evicted),
        ]
        finding.commands = commands(subject, limit: limit)
        return .findings([finding])
    }

    /// Who holds a tenth of the entries or more.
    private func talkers() -> [String] {
        let share = max(2, clients.total / 10)
        return clients.top(3).filter { $0.count >= share }.map { "client \($0.key) holds at least \($0.count) of \(clients.total) entries" }
            + services.top(3).filter { $0.count >= share }.map { "\($0.key) is asked by at least \($0.count) of \(services.total) entries" }
    }

    private func commands(_ subject: Case, limit: UInt64) -> [String] {
        var commands: [String] = []
        if let loudest = clients.top(1).first { commands.append("\(NextCommands.conn(in: subject)) --client \(loudest.key) --limit 20") }
        commands.append("sysctl -w net.netfilter.nf_conntrack_max=\(limit * 2)")
        commands.append("sysctl -w net.netfilter.nf_conntrack_buckets=\(limit / 2)")
        return commands
    }
}
