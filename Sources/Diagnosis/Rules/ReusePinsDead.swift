import KernelState

/// Clients that reuse a port stay with a drained backend, because IPVS reuses the old connection.
struct ReusePinsDead: Rule {
    static let id = "reuse-pins-dead"
    private static let setting = "net.ipv4.vs.conn_reuse_mode"
    private var suspects = Suspects()
    private var pinned: Set<Endpoint> = []

    func interest(in sample: Sample) -> Interest {
        sample.facts.number(Self.setting) == 0 ? .having([.tcp, .inIPVS], [.template]) : .none
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, sample.endpoints.standing(of: row) == .drained else { return }
        if row.isTemplate {
            if pinned.count < Suspects.groupLimit { pinned.insert(row.backend) }
        } else if row.state == .synRecv {
            suspects.note(connection, timer: row.expires, in: sample)
        }
    }

    func report(on subject: Case) -> RuleReport {
        if subject.setting(Self.setting) == 0, subject.samples.count < 2 {
            return .unchecked("whether a connection is new takes two samples")
        }
        return .findings(
            suspects.present(in: subject.last).compactMap { group in
                let new = group.kept.filter { $0.lastSample == group.lastSample && ($0.isRenewed || $0.firstSample > 0) }
                guard !new.isEmpty, !pinned.contains(group.subject.backend) else { return nil }
                return finding(group, new, subject)
            })
    }

    private func finding(_ group: Suspects.Group, _ new: [Suspect], _ subject: Case) -> Finding {
        let old = subject.last.services.lazy.flatMap(\.backends).first { $0.endpoint == group.subject.backend }?.inactiveConnections ?? 0
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "reused ports pin clients to \(group.subject.backend), which is drained (weight 0)",
            cause: "With conn_reuse_mode=0 a SYN that meets an old connection's ports goes to that connection's backend, whatever its weight.",
            remedy: "\(Self.setting)=1 on Linux 5.9 and later; below, take the drained backend out of the service.",
            references: ["kubernetes/kubernetes#81775"])
        finding.describe(group, showing: new)
        finding.evidence = [
            "\(counted(new.count, "new connection")) in SYN_RECV to a backend of weight 0 within \(secondsText(subject.seconds))",
            "\(Self.setting)=0; \(old) inactive connections to be reused",
        ]
        finding.measures = [Measure("new", new.count), Measure("inactive", old)]
        finding.commands = [NextCommands.set(Self.setting, to: "1", in: subject)]
        return finding
    }
}
