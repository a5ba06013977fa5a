import KernelState

/// A masquerade chose a port that is a NodePort: the answer is taken for a connection to that service.
struct NodePortClash: Rule {
    static let id = "nodeport-clash"
    /// kube-apiserver's `--service-node-port-range`, by default.
    private static let range: ClosedRange<UInt16> = 30_000...32_767
    private var known = Suspects()
    private var inRange = Suspects()

    func interest(in sample: Sample) -> Interest { .having([.masqueraded, .unreplied]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let seen = connection.translatedClient, let port = seen.port else { return }
        if sample.endpoints.service(connection.transport, seen) != nil {
            known.note(connection, timer: connection.conntrack?.timeout, in: sample)
        } else if Self.range.contains(port) {
            inRange.note(connection, timer: connection.conntrack?.timeout, in: sample)
        }
    }

    func report(on subject: Case) -> RuleReport {
        if subject.samples.count < 2, ![known, inRange].allSatisfy({ $0.present(in: subject.last).isEmpty }) {
            return .unchecked("whether a connection lasts takes two samples")
        }
        return .findings(
            known.lasting(in: subject.last).map { finding($0, .warning, subject) }
                + inRange.lasting(in: subject.last).map { finding($0, .info, subject) })
    }

    private func finding(_ group: Suspects.Group, _ severity: Severity, _ subject: Case) -> Finding {
        let suspects = group.lasting
        let seen = suspects[0].connection.translatedClient.map { "\($0)" } ?? ""
        var finding = Finding(
            rule: Self.id, severity: severity,
            title: "the masqueraded port \(seen) is \(severity == .warning ? "a NodePort service's" : "in the range of NodePorts")",
            cause: "The answer comes to a port that a NodePort service owns, is sent to that service's backend, and the client waits.",
            remedy: "Keep the ranges apart: `--to-ports` or net.ipv4.ip_local_port_range below the NodePorts.",
            references: ["kubernetes/kubernetes#139276"])
        finding.describe(group, showing: suspects)
        finding.evidence = ["\(counted(group.count, "connection")) unreplied whose client the backend sees as \(seen)"]
        finding.measures = [Measure("connections", group.count)]
        finding.commands = [
            subject.commandPrefix + "iptables -t nat -S POSTROUTING",
            NextCommands.set("net.ipv4.ip_local_reserved_ports", to: "\(Self.range.lowerBound)-\(Self.range.upperBound)", in: subject),
        ]
        finding.commands += finding.connections.compactMap(\.conntrack).map { NextCommands.delete($0, in: subject) }
        return finding
    }
}
