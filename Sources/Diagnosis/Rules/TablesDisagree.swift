import KernelState

/// IPVS and conntrack say different things of one connection: another backend, or one of them knows nothing of it.
struct TablesDisagree: Rule {
    static let id = "tables-disagree"
    private static let setting = "net.ipv4.vs.conntrack"
    private var otherBackend = Suspects()
    private var untwinned = Suspects()
    private var twinned = 0

    func interest(in sample: Sample) -> Interest { sample.facts.number(Self.setting) == 1 ? .having([.inIPVS]) : .none }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, !row.isTemplate, connection.forwarding == .masquerade else { return }
        if connection.conntrack != nil {
            twinned += 1
            if row.backend != connection.backend { otherBackend.note(connection, timer: nil, in: sample) }
        } else if row.state == .established {
            untwinned.note(connection, timer: nil, in: sample)
        }
    }

    func report(on subject: Case) -> RuleReport {
        guard subject.setting(Self.setting) == 1 else { return .silence }
        if subject.last.conntrack?.complete != true { return .unchecked("the conntrack table was not read completely") }
        let other = otherBackend.present(in: subject.last)
        // Where conntrack follows nothing of IPVS, it is not made to: that is no disagreement.
        let missing = twinned > 0 ? untwinned.present(in: subject.last) : []
        if subject.samples.count < 2 {
            return other.isEmpty && missing.isEmpty ? .silence : .unchecked("whether the tables stay apart takes two samples")
        }
        return .findings(
            other.filter { !$0.lasting.isEmpty }.map { finding($0, "lead to another backend in IPVS than in conntrack", subject) }
                + missing.filter { !$0.lasting.isEmpty }.map { finding($0, "are ESTABLISHED in IPVS and unknown to conntrack", subject) })
    }

    private func finding(_ group: Suspects.Group, _ what: String, _ subject: Case) -> Finding {
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "connections to \(group.subject.backend) \(what)",
            cause:
                "The conntrack entry was deleted, flushed or replaced while IPVS kept its connection: address translation and IPVS "
                + "now act on different views.",
            remedy: "Let the client connect anew; look who deletes conntrack entries (a CNI's or kube-proxy's clean-up, `conntrack -F`).",
            references: [])
        finding.describe(group, showing: group.lasting)
        finding.evidence = ["\(counted(group.count, "connection")) \(what), in readings over \(secondsText(subject.seconds)); \(Self.setting)=1"]
        finding.measures = [Measure("connections", group.count)]
        finding.commands = [
            "\(NextCommands.conn(to: group.subject.backend, in: subject)) -o wide",
            subject.commandPrefix + "conntrack -E -e DESTROY",
        ]
        return finding
    }
}
