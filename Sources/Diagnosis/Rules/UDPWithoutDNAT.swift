import KernelState

/// A UDP entry to a service that was made without translation, while the service had no backend, and lives on now that it has some.
struct UDPWithoutDNAT: Rule {
    static let id = "udp-without-dnat"
    private var suspects = Suspects()
    /// Destinations that other entries show to be translated: services, whoever made them.
    private var translated = TranslatedDestinations()

    func interest(in sample: Sample) -> Interest { .having([.udp, .inConntrack]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let flow = connection.conntrack, connection.ipvs == nil else { return }
        if connection.service != nil {
            translated.note(flow.original.destinationEndpoint)
        } else if flow.isUnreplied {
            suspects.note(connection, timer: flow.timeout, in: sample)
        }
    }

    func report(on subject: Case) -> RuleReport {
        let groups = suspects.present(in: subject.last).filter { group in
            let destination = group.subject.backend
            if let known = subject.last.endpoints.service(.udp, destination) {
                return known.servingBackends > 0 && !known.keepsDestination && !known.isOnePacket
            }
            return translated.contains(destination)
        }
        if groups.isEmpty { return .silence }
        if subject.samples.count < 2 {
            return .unchecked("whether packets renew an entry takes two samples (\(counted(groups.count, "suspect")) in this one)")
        }
        return .findings(groups.compactMap { finding($0, subject) })
    }

    private func finding(_ group: Suspects.Group, _ subject: Case) -> Finding? {
        let renewed = group.renewed
        guard !renewed.isEmpty else { return nil }
        var finding = Finding(
            rule: Self.id, severity: .warning,
            title: "a UDP entry to the service \(group.subject.backend) is not translated to any backend",
            cause:
                "The entry was made while the service had no backend, and the client's packets keep it alive: they go to the "
                + "service's address itself, where nobody answers.",
            remedy: "Delete the entry: the next packet is then translated.", references: ["kubernetes/kubernetes#48370"])
        finding.describe(group, showing: renewed)
        finding.service = group.subject.backend
        finding.backend = nil
        finding.evidence = [
            "\(counted(group.count, "entry", "entries")) [UNREPLIED] with the service itself as the answering end, while others are translated",
            "\(renewed.count) of them got packets within \(secondsText(subject.seconds))",
        ]
        finding.measures = [Measure("connections", group.count), Measure("renewed", renewed.count)]
        finding.commands = finding.connections.compactMap(\.conntrack).map { NextCommands.delete($0, in: subject) }
        return finding
    }
}
