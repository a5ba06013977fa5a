import KernelState

/// All ready replicas of a service are on one node, whose failure takes the service.
struct ReplicasOnOneNode: Rule {
    static let id = "replicas-on-one-node"

    func report(on subject: Case) -> RuleReport {
        let names = subject.last.names
        if names.isEmpty { return .unchecked("which node a backend is on only the cluster knows: --kube") }
        guard names.nodes.count > 1 || Set(names.pods.compactMap(\.node)).count > 1 else { return .silence }
        return .findings(names.services.compactMap { finding($0, names) })
    }

    private func finding(_ service: ClusterService, _ names: ClusterNames) -> Finding? {
        let ready = names.endpoints(of: service.name).filter(\.isReady)
        let addresses = Set(ready.map(\.endpoint.address))
        let nodes = Set(ready.map { $0.node ?? "" })
        guard addresses.count > 1, nodes.count == 1, let node = nodes.first, !node.isEmpty else { return nil }
        var finding = Finding(
            rule: Self.id, severity: .info, title: "all \(addresses.count) replicas of \(service.name) are on \(node)",
            cause: "The scheduler was not asked to spread them.",
            remedy: "A topology spread constraint or pod anti-affinity by kubernetes.io/hostname.",
            references: [])
        if let address = service.clusterAddresses.first, let port = service.ports.first {
            finding.service = Endpoint(address: address, port: port.port)
            finding.transport = port.transport
        }
        finding.evidence = ["\(addresses.count) ready endpoints, all on \(node)"]
        finding.measures = [Measure("replicas", addresses.count)]
        finding.commands = ["kubectl -n \(NextCommands.quoted(service.name.namespace)) get pods -o wide"]
        return finding
    }
}
