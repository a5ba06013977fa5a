import KernelState

/// One port of a client speaks to one backend through two services: answers cannot be told apart.
struct DeDNATCollision: Rule {
    static let id = "de-dnat-collision"
    private static let limit = 262_144
    private var seen = FingerprintSet(expected: 0)
    private var sampleIndex = 0
    /// Names that several connections share, known since this or an earlier sample, with the connections seen of each.
    private var shared: [UInt64: [Connection]] = [:]
    private var isFull = false

    func interest(in sample: Sample) -> Interest { .having([.inIPVS]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, !row.isTemplate, connection.forwarding ?? .masquerade == .masquerade, row.client.port != nil else { return }
        if sampleIndex != sample.index {
            sampleIndex = sample.index
            seen = FingerprintSet(expected: 0)
            for name in shared.keys { shared[name] = [] }
        }
        var name = Fingerprint()
        name.mix(UInt64(row.transport.rawValue))
        name.mix(row.client)
        name.mix(row.backend)
        if shared[name.value] != nil {
            if shared[name.value]?.count ?? 0 < Finding.connectionLimit { shared[name.value]?.append(connection) }
        } else if seen.count < Self.limit {
            if !seen.insert(name.value), shared.count < 1_024 { shared[name.value] = [connection] }
        } else {
            isFull = true
        }
    }

    func report(on subject: Case) -> RuleReport {
        let present = sampleIndex == subject.last.index ? shared.values.filter { !$0.isEmpty } : []
        let findings = present.sorted { $0[0].client.address < $1[0].client.address }.map { finding($0, subject) }
        return RuleReport(findings: findings, unchecked: isFull ? "only \(Self.limit) IPVS connections were compared" : nil)
    }

    private func finding(_ connections: [Connection], _ subject: Case) -> Finding {
        let first = connections[0]
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "\(first.client) speaks to \(first.backend) through several services at once",
            cause:
                "Both connections look the same to the backend: an answer is translated back to one of the services, and the client "
                + "of the other gets none.",
            remedy: "Give the services different backend ports, or let the client use another source port.",
            references: ["kubernetes/kubernetes#107249", "kubernetes/kubernetes#90042"])
        finding.transport = first.transport
        finding.backend = first.backend
        finding.evidence = ["IPVS has two connections of one client port to one backend through different services"]
        finding.measures = [Measure("connections", max(2, connections.count))]
        finding.connections = connections
        finding.commands = ["\(NextCommands.conn(in: subject)) --client \(first.client) --backend \(first.backend)"]
        return finding
    }
}
