import KernelState

/// One flow in several conntrack zones: normal where Open vSwitch forwards, and never to be taken for one entry.
struct Zones: Rule {
    static let id = "zones"
    private static let limit = 65_536
    private var flows = FingerprintSet(expected: 0)
    private var zones: Set<UInt16> = []
    private var repeated = 0
    private var sampleIndex = 0
    private var example: Connection?

    func interest(in sample: Sample) -> Interest { .having([.zoned]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let flow = connection.conntrack else { return }
        if sampleIndex != sample.index { self = Zones(sampleIndex: sample.index) }
        zones.insert(connection.zone)
        var name = Fingerprint()
        name.mix(UInt64(flow.transport.rawValue))
        name.mix(flow.original.sourceEndpoint)
        name.mix(flow.original.destinationEndpoint)
        if flows.count < Self.limit, !flows.insert(name.value) {
            repeated += 1
            example = example ?? connection
        }
    }

    init() {}
    private init(sampleIndex: Int) { self.sampleIndex = sampleIndex }

    func report(on subject: Case) -> RuleReport {
        guard repeated > 0 else { return .silence }
        var finding = Finding(
            rule: Self.id, severity: .info, title: "\(counted(repeated, "flow")) of this node are in several conntrack zones",
            cause: "Open vSwitch and OVN track a packet once for each logical switch or router that it passes.",
            remedy: "None is needed; look at one zone at a time, with --zone.", references: ["ovn-kubernetes/ovn-kubernetes#2829"])
        finding.evidence = ["\(zones.count) zones beside 0; \(counted(repeated, "entry", "entries")) with a tuple that another zone has too"]
        finding.measures = [Measure("zones", zones.count), Measure("repeated", repeated)]
        finding.connections = example.map { [$0] } ?? []
        finding.commands = ["\(NextCommands.conn(in: subject)) --zone \(example?.zone ?? 0)"]
        return .findings([finding])
    }
}
