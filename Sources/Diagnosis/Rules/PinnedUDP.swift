import KernelState

/// An IPVS UDP connection to a backend that is gone or drained, kept alive by the client's packets.
struct PinnedUDP: Rule {
    static let id = "pinned-udp"
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { .having([.udp, .inIPVS]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, !row.isTemplate else { return }
        // Where the backend is gone IPVS drops the packets and lets its own timer run down: conntrack's tells that they come.
        switch sample.endpoints.standing(of: row) {
        case .absent: suspects.note(connection, timer: connection.conntrack?.timeout ?? row.expires, in: sample)
        case .drained: suspects.note(connection, timer: row.expires, in: sample)
        case .serving, .unknown: break
        }
    }

    func report(on subject: Case) -> RuleReport {
        if !subject.last.endpoints.hasIPVS { return .silence }
        let setting = IPVSSetting.expireWithoutBackend
        return StaleEntries(suspects, in: subject).report { group, renewed in
            let isGone = renewed.contains { subject.last.standing(of: $0.connection) == .absent }
            var finding = Finding(
                rule: Self.id, severity: .warning,
                title: "UDP clients are pinned to \(group.subject.backend), which \(isGone ? "the service no longer has" : "is drained (weight 0)")",
                cause:
                    "IPVS keeps a UDP connection for 300 s after its last packet, whatever became of the backend: a client that "
                    + "goes on asking from one port never leaves it.",
                remedy: isGone
                    ? "Let IPVS drop connections whose backend is gone: \(setting)=1."
                    : "Remove the drained backend from the service, with \(setting)=1.",
                references: ["kubernetes/kubernetes#76664", "kubernetes/kubernetes#71514"])
            finding.evidence = ["\(counted(group.count, "IPVS connection")) to a backend that is \(isGone ? "not among the service's" : "drained")"]
            if let value = subject.last.facts.number(setting) { finding.evidence.append("\(setting)=\(value)") }
            finding.describe(group, showing: renewed)
            return finding
        }
    }
}
