import KernelState

/// A connection through a service to an address that by now is another service's pod's.
struct AddressReused: Rule {
    static let id = "address-reused"
    private var suspects = Suspects()
    private var holders: [Endpoint: ClusterPod] = [:]

    func interest(in sample: Sample) -> Interest { sample.names.isEmpty ? .none : .having([.tcp, .unreplied, .served]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let pod = Self.holder(of: connection, in: sample) else { return }
        suspects.note(connection, timer: connection.conntrack?.timeout, in: sample)
        if holders.count < Suspects.groupLimit { holders[connection.backend] = pod }
    }

    /// The pod that has the address of a backend which its service does not have; nil where nobody has it, or the service has.
    static func holder(of connection: Connection, in sample: Sample) -> ClusterPod? {
        guard !sample.names.isEmpty, sample.standing(of: connection) == .absent,
            case .pod(let pod) = sample.names.pod(at: connection.backend.address), !pod.isFinished
        else { return nil }
        return pod
    }

    func report(on subject: Case) -> RuleReport {
        if subject.last.names.isEmpty { return .unchecked("whose an address is only the cluster knows: --kube") }
        if subject.samples.count < 2 { return .unchecked("whether a connection lasts takes two samples") }
        return .findings(suspects.lasting(in: subject.last).map { finding($0, subject) })
    }

    private func finding(_ group: Suspects.Group, _ subject: Case) -> Finding {
        let pod = holders[group.subject.backend].map { "\($0.name)" } ?? "another pod"
        var finding = Finding(
            rule: Self.id, severity: .warning,
            title: "clients of a service are sent to \(group.subject.backend), by now the address of \(pod)",
            cause: "The address was given to another pod while connections to the one before it were still in the table.",
            remedy: group.lasting.contains { $0.connection.ipvs != nil }
                ? "Let IPVS drop connections whose backend is gone: \(IPVSSetting.expireWithoutBackend)=1; let the network plugin keep an "
                    + "address back for a while before it is given out again."
                : "Delete the entries; let the network plugin keep an address back for a while before it is given out again.",
            references: ["aws/amazon-vpc-cni-k8s#3634"])
        finding.describe(group, showing: group.lasting)
        finding.evidence = ["\(counted(group.count, "connection")) unreplied; \(pod) is no endpoint of the service and has the address"]
        finding.measures = [Measure("connections", group.count)]
        finding.commands = NextCommands.release(finding.connections, in: subject)
        return finding
    }
}
