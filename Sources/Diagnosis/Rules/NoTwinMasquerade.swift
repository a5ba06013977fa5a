import KernelState

/// IPVS connections without conntrack entries cannot be masqueraded.
struct NoTwinMasquerade: Rule {
    static let id = "no-twin-masquerade"
    static let explains: Set<String> = [SilentBackend.id]
    private static let setting = "net.ipv4.vs.conntrack"
    private var untwinned = Suspects()
    private var masqueraded = 0

    func interest(in sample: Sample) -> Interest {
        sample.facts.number(Self.setting) == 0 && sample.endpoints.hasIPVS ? .having([.inIPVS], [.masqueraded]) : .none
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        if connection.translatedClient != nil { masqueraded += 1 }
        guard let row = connection.ipvs, connection.conntrack == nil, !row.isTemplate, connection.forwarding ?? .masquerade == .masquerade,
            row.state == .synRecv
        else { return }
        untwinned.note(connection, timer: row.expires, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        guard subject.setting(Self.setting) == 0, masqueraded > 0 else { return .silence }
        let groups = untwinned.present(in: subject.last)
        let count = groups.reduce(0) { $0 + $1.count }
        guard count > 0, let first = groups.first else { return .silence }
        var finding = Finding(
            rule: Self.id, severity: groups.contains { !$0.lasting.isEmpty } ? .warning : .info,
            title: "IPVS connections are not masqueraded: \(Self.setting)=0",
            cause:
                "Without conntrack entries the masquerade rules do not see IPVS' connections: the backend answers the client past "
                + "this node, or not at all.",
            remedy: "\(Self.setting)=1.", references: ["projectcalico/calico#5747"])
        finding.describe(first, showing: first.kept)
        finding.evidence = [
            "\(counted(count, "IPVS connection")) in SYN_RECV without a conntrack entry; \(Self.setting)=0",
            "other connections of this node are masqueraded: the rules are there",
        ]
        finding.measures = [Measure("connections", count), Measure("masqueraded", masqueraded)]
        finding.commands = [NextCommands.set(Self.setting, to: "1", in: subject)]
        return .findings([finding])
    }
}
