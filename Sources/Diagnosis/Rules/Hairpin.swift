import KernelState

/// A pod that reaches itself through a service, without masquerade: the answer never passes this node again.
struct Hairpin: Rule {
    static let id = "hairpin"
    static let explains: Set<String> = [SilentBackend.id]
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { .having([.served, .unreplied]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.client.address == connection.backend.address,
            connection.translatedClient?.address ?? connection.client.address == connection.client.address
        else { return }
        suspects.note(connection, timer: connection.conntrack?.timeout, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        if subject.samples.count < 2, !suspects.present(in: subject.last).isEmpty {
            return .unchecked("whether a connection lasts takes two samples")
        }
        return .findings(suspects.lasting(in: subject.last).map { finding($0, subject) })
    }

    private func finding(_ group: Suspects.Group, _ subject: Case) -> Finding {
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "\(group.subject.backend) cannot reach itself through its service",
            cause:
                "The pod gets its own packet back with its own address as the sender, and drops it or answers itself: the hairpin "
                + "masquerade is missing.",
            remedy: "Let kube-proxy masquerade it (its KUBE-MARK-MASQ rules), or switch on hairpin mode on the pod's bridge port.",
            references: ["kubernetes/kubernetes#134884", "kubernetes/kubernetes#53775"])
        finding.describe(group, showing: group.lasting)
        finding.evidence = ["\(counted(group.count, "connection")) unreplied with one address as client and backend, and no translated client"]
        finding.measures = [Measure("connections", group.count)]
        finding.commands = [subject.commandPrefix + "iptables -t nat -S POSTROUTING"] + NextCommands.capture(group.subject.backend, in: subject)
        return finding
    }
}
