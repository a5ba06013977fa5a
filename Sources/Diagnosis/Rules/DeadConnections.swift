import KernelState

/// Established connections of a service whose data nobody acknowledges: the backend, or its node, went without a FIN or RST.
struct DeadConnections: Rule {
    static let id = "dead-connections"
    /// Seconds without an acknowledgement that no healthy path takes.
    private static let patience: UInt32 = 2
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest {
        Self.limit(in: sample.facts) == nil ? .none : .having([.tcp, .served, .inConntrack, .established])
    }

    /// conntrack shortens the timer of an entry with unacknowledged data to this many seconds; nil where that is no sign, because
    /// established entries start no higher.
    private static func limit(in facts: NodeFacts) -> UInt32? {
        let limit = facts.number("net.netfilter.nf_conntrack_tcp_timeout_unacknowledged") ?? 300
        let established = facts.number("net.netfilter.nf_conntrack_tcp_timeout_established") ?? 432_000
        return established > 2 * limit && limit > UInt64(patience) ? UInt32(clamping: limit) : nil
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let flow = connection.conntrack, flow.state == .tcp(.established), let left = flow.timeout,
            let limit = Self.limit(in: sample.facts), left <= limit - Self.patience
        else { return }
        suspects.note(connection, timer: left, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        if Self.limit(in: subject.last.facts) == nil {
            return .unchecked("nf_conntrack_tcp_timeout_established is so low that unacknowledged data does not shorten the timer")
        }
        if subject.samples.count < 2 { return .unchecked("whether data stays unacknowledged takes two samples") }
        return .findings(suspects.lasting(in: subject.last).map { finding($0, subject) })
    }

    private func finding(_ group: Suspects.Group, _ subject: Case) -> Finding {
        let standing = group.lasting.map { subject.last.standing(of: $0.connection) }.first ?? .unknown
        let backend = group.subject.backend
        let words: String
        switch standing {
        case .absent: words = ", which the service no longer has"
        case .drained: words = ", which is drained (weight 0)"
        case .serving, .unknown: words = ""
        }
        var finding = Finding(
            rule: Self.id, severity: .warning,
            title: "established connections to \(backend)\(words) are dead: nobody acknowledges their data",
            cause: "The backend or its node went away without a FIN or RST: clients wait until their own timers give up, up to 15 minutes.",
            remedy: group.lasting.contains { $0.connection.ipvs != nil }
                ? "Look whether the pod's node is alive; IPVS drops the connections of a backend that is taken out, with "
                    + "\(IPVSSetting.expireWithoutBackend)=1, and the clients connect anew."
                : "Delete the entries and let the clients connect anew; look whether the pod's node is alive.",
            references: ["kubernetes/kubernetes#77903", "kubernetes/kubernetes#118814"])
        finding.describe(group, showing: group.lasting)
        finding.evidence = [
            "\(counted(group.count, "connection")) ESTABLISHED with data unacknowledged for \(Self.patience) s or more, in "
                + "\(subject.samples.count) readings over \(secondsText(subject.seconds))"
        ]
        finding.measures = [Measure("connections", group.count)]
        finding.commands = NextCommands.capture(backend, in: subject)
        finding.commands += NextCommands.release(finding.connections, in: subject)
        return finding
    }
}
