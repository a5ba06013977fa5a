public import KernelState

// The cluster's records with other addresses and names.

extension Redaction {
    /// What kstate itself says of the records is said of the redacted ones; what an API server said is left out: it may name anything.
    public func redacted(_ saved: SavedNames) -> SavedNames {
        if let known = redactedNames, known.original === saved { return known.redacted }
        let names = ClusterNames(
            services: saved.names.services.map { redacted($0) }, endpoints: saved.names.endpoints.map { redacted($0) },
            pods: saved.names.pods.map { redacted($0) }, nodes: saved.names.nodes.map { redacted($0) })
        let leftOut = saved.notices.count - saved.names.notices.count
        let replaced = SavedNames(
            names: names, notices: (leftOut > 0 ? ["remarks on reading the names that were left out: \(leftOut)"] : []) + names.notices)
        redactedNames = (saved, replaced)
        return replaced
    }

    private func redacted(_ service: ClusterService) -> ClusterService {
        var service = service
        service.name = ObjectName(namespace: names.label(service.name.namespace), name: names.service(service.name.name))
        service.ports = service.ports.map { port in
            var port = port
            port.name = names.port(port.name)
            return port
        }
        service.clusterAddresses = service.clusterAddresses.map { addresses.map($0) }
        service.externalAddresses = service.externalAddresses.map { addresses.map($0) }
        service.loadBalancerAddresses = service.loadBalancerAddresses.map { addresses.map($0) }
        return service
    }

    private func redacted(_ endpoint: ServiceEndpoint) -> ServiceEndpoint {
        var endpoint = endpoint
        endpoint.service = ObjectName(namespace: names.label(endpoint.service.namespace), name: names.service(endpoint.service.name))
        endpoint.portName = names.port(endpoint.portName)
        endpoint.endpoint = redacted(endpoint.endpoint)
        endpoint.node = endpoint.node.map { names.node($0) }
        endpoint.pod = endpoint.pod.map { redacted(pod: $0) }
        return endpoint
    }

    private func redacted(_ pod: ClusterPod) -> ClusterPod {
        var pod = pod
        pod.name = redacted(pod: pod.name)
        pod.node = pod.node.map { names.node($0) }
        pod.addresses = pod.addresses.map { addresses.map($0) }
        return pod
    }

    private func redacted(_ node: ClusterNode) -> ClusterNode {
        var node = node
        node.name = names.node(node.name)
        node.addresses = node.addresses.map { addresses.map($0) }
        return node
    }

    private func redacted(pod name: ObjectName) -> ObjectName {
        ObjectName(namespace: names.label(name.namespace), name: names.pod(name.name))
    }
}
