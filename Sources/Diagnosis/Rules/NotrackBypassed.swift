import KernelState

/// DNS packets to the node-local cache are tracked although they should not be.
struct NotrackBypassed: Rule {
    static let id = "notrack-bypassed"
    private static let device = "nodelocaldns"
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { Self.addresses(sample).isEmpty ? .none : .having([.dns, .inConntrack]) }

    private static func addresses(_ sample: Sample) -> [IPAddress] {
        sample.facts.interfaces.filter { $0.name == device }.flatMap { $0.addresses.map(\.address) }
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.transport == .udp || connection.transport == .tcp, let asked = connection.conntrack?.original.destinationEndpoint,
            asked.port == 53, Self.addresses(sample).contains(asked.address)
        else { return }
        suspects.note(connection, timer: nil, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        let groups = suspects.present(in: subject.last)
        guard let first = groups.first else { return .silence }
        let count = groups.reduce(0) { $0 + $1.count }
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "queries to the node-local DNS cache are tracked",
            cause:
                "A rule above the cache's NOTRACK accepts its packets first, or NOTRACK is missing: each query then needs a "
                + "conntrack entry, with its races and its place in the table.",
            remedy: "Let the NOTRACK rules of the raw table stand before every other; restart the node-local cache, which writes them.",
            references: ["kubernetes/dns#745"])
        finding.describe(first, showing: first.kept)
        finding.evidence = ["\(counted(count, "entry", "entries")) for an address of \(Self.device), port 53"]
        finding.measures = [Measure("entries", count)]
        finding.commands = [subject.commandPrefix + "iptables -t raw -S", subject.commandPrefix + "nft list ruleset"]
        return .findings([finding])
    }
}
