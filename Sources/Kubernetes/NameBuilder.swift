import FoundationEssentials
import KernelState

/// Turns documents into records, and counts what in them cannot be used.
struct NameBuilder: Sendable {
    private(set) var services: [ClusterService] = []
    private(set) var endpoints: [ServiceEndpoint] = []
    /// From Endpoints objects: used for services that have no slice.
    private(set) var oldEndpoints: [ServiceEndpoint] = []
    private(set) var pods: [ClusterPod] = []
    private(set) var nodes: [ClusterNode] = []
    /// Kinds that tell no names, and how many of each.
    private(set) var otherKinds: [String: Int] = [:]
    /// Objects of the kinds that names are made from.
    private(set) var count = 0
    var notices = NoticeList()

    mutating func add(_ object: ClusterObject) {
        count += 1
        switch object {
        case .service(let document): add(document)
        case .slice(let document): add(document)
        case .endpoints(let document): add(document)
        case .pod(let document): add(document)
        case .node(let document): add(document)
        case .other(let kind):
            count -= 1
            otherKinds[kind, default: 0] += 1
        }
    }

    /// Takes over what another builder has got.
    mutating func add(_ other: NameBuilder) {
        services += other.services
        endpoints += other.endpoints
        oldEndpoints += other.oldEndpoints
        pods += other.pods
        nodes += other.nodes
        otherKinds.merge(other.otherKinds, uniquingKeysWith: +)
        count += other.count
        notices.add(other.notices)
    }

    /// Joins all that was added.
    func names() -> ClusterNames {
        let sliced = Set(endpoints.map(\.service))
        return ClusterNames(
            services: services, endpoints: endpoints + oldEndpoints.filter { !sliced.contains($0.service) }, pods: pods, nodes: nodes)
    }

    // MARK: Kinds

    private mutating func add(_ document: ServiceDocument) {
        let name = name(document.metadata)
        var service = ClusterService(name: name)
        let spec = document.spec
        let addresses = spec?.clusterIPs ?? spec?.clusterIP.map { [$0] } ?? []
        service.isHeadless = addresses.contains("None")
        service.isExternalName = spec?.type == "ExternalName"
        service.hasSelector = spec?.selector?.isEmpty == false
        service.clusterAddresses = read(addresses.filter { $0 != "None" && !$0.isEmpty }, of: "service", name)
        service.externalAddresses = read(spec?.externalIPs ?? [], of: "service", name)
        service.loadBalancerAddresses = read(document.status?.loadBalancer?.ingress?.compactMap(\.ip) ?? [], of: "service", name)
        for port in spec?.ports ?? [] {
            guard let transport = transport(port.transport), let number = UInt16(exactly: port.port) else {
                notices.count("ports of services are none", "\(port.transport ?? "TCP") \(port.port) of \(name)")
                continue
            }
            let nodePort = port.nodePort.flatMap { UInt16(exactly: $0) }
            service.ports.append(
                ClusterServicePort(transport: transport, port: number, name: port.name ?? "", nodePort: nodePort == 0 ? nil : nodePort))
        }
        services.append(service)
    }

    private mutating func add(_ document: EndpointSliceDocument) {
        // A slice without the label belongs to no service; one of names (FQDN) has no addresses.
        guard let service = document.metadata.labels?["kubernetes.io/service-name"], document.addressType != "FQDN" else { return }
        let owner = ObjectName(namespace: document.metadata.namespace ?? "", name: service)
        for entry in document.endpoints ?? [] {
            let conditions = entry.conditions
            for address in read(entry.addresses ?? [], of: "endpoints of", owner) {
                for port in document.ports ?? [] {
                    guard var endpoint = endpoint(owner, address, port) else { continue }
                    endpoint.isReady = conditions?.ready ?? true
                    endpoint.isServing = conditions?.serving ?? endpoint.isReady
                    endpoint.isTerminating = conditions?.terminating ?? false
                    endpoint.node = entry.nodeName
                    endpoint.pod = pod(entry.targetRef, in: owner.namespace)
                    endpoints.append(endpoint)
                }
            }
        }
    }

    private mutating func add(_ document: EndpointsDocument) {
        let owner = name(document.metadata)
        for subset in document.subsets ?? [] {
            add(subset.addresses ?? [], of: owner, subset.ports ?? [], isReady: true)
            add(subset.notReadyAddresses ?? [], of: owner, subset.ports ?? [], isReady: false)
        }
    }

    private mutating func add(
        _ addresses: [EndpointsDocument.Address], of owner: ObjectName, _ ports: [EndpointPort], isReady: Bool
    ) {
        for entry in addresses {
            for address in read([entry.ip ?? ""], of: "endpoints of", owner) {
                for port in ports {
                    guard var endpoint = endpoint(owner, address, port) else { continue }
                    endpoint.isReady = isReady
                    endpoint.isServing = isReady
                    endpoint.node = entry.nodeName
                    endpoint.pod = pod(entry.targetRef, in: owner.namespace)
                    oldEndpoints.append(endpoint)
                }
            }
        }
    }

    private mutating func add(_ document: PodDocument) {
        let name = name(document.metadata)
        var pod = ClusterPod(name: name)
        let status = document.status
        let addresses = status?.podIPs?.compactMap(\.ip) ?? []
        pod.addresses = read(addresses.isEmpty ? status?.podIP.map { [$0] } ?? [] : addresses, of: "pod", name)
        pod.node = document.spec?.nodeName
        pod.usesHostNetwork = document.spec?.hostNetwork ?? false
        pod.isFinished = status?.phase == "Succeeded" || status?.phase == "Failed"
        pod.isReady = isReady(status?.conditions)
        if let text = document.metadata.deletionTimestamp, let date = try? Date(text, strategy: .iso8601) {
            pod.deletedAt = Int64(date.timeIntervalSince1970)
        }
        pods.append(pod)
    }

    private mutating func add(_ document: NodeDocument) {
        let name = name(document.metadata)
        var node = ClusterNode(name: name.name)
        let addresses = (document.status?.addresses ?? []).filter { $0.type?.hasSuffix("IP") == true }
        node.addresses = read(addresses.compactMap(\.address), of: "node", name)
        node.isReady = isReady(document.status?.conditions)
        nodes.append(node)
    }

    // MARK: Parts

    private func name(_ metadata: ObjectMetadata) -> ObjectName {
        ObjectName(namespace: metadata.namespace ?? "", name: metadata.name ?? "")
    }

    private func isReady(_ conditions: [Condition]?) -> Bool {
        conditions?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
    }

    private func transport(_ name: String?) -> TransportProtocol? {
        name.map { TransportProtocol(name: $0) } ?? .tcp
    }

    private func endpoint(_ owner: ObjectName, _ address: IPAddress, _ port: EndpointPort) -> ServiceEndpoint? {
        guard let transport = transport(port.transport), let number = port.port.flatMap({ UInt16(exactly: $0) }) else { return nil }
        return ServiceEndpoint(
            service: owner, portName: port.name ?? "", transport: transport, endpoint: Endpoint(address: address, port: number))
    }

    private func pod(_ reference: ObjectReference?, in namespace: String) -> ObjectName? {
        guard let reference, reference.kind == "Pod", let name = reference.name else { return nil }
        return ObjectName(namespace: reference.namespace ?? namespace, name: name)
    }

    private mutating func read(_ texts: [String], of kind: String, _ name: ObjectName) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for text in texts {
            guard let address = IPAddress(text) else {
                notices.count("addresses cannot be read", "'\(text)' of \(kind) \(name.namespace.isEmpty ? name.name : "\(name)")")
                continue
            }
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }
}
