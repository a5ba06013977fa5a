/// What a cluster calls the addresses and ports that the tables show: looked up by address, in constant time.
///
/// Nothing is guessed. Where several could be meant the answer says so, and ``notices`` counts what in the cluster's own data
/// contradicts itself or is missing.
public struct ClusterNames: Sendable {
    public private(set) var services: [ClusterService] = []
    public private(set) var endpoints: [ServiceEndpoint] = []
    public private(set) var pods: [ClusterPod] = []
    public private(set) var nodes: [ClusterNode] = []
    /// Sentences for the user, each a matter with how often it was met and the first example.
    public private(set) var notices: [String] = []

    private var serviceNames: [PortKey: ServiceName] = [:]
    private var nodePorts: [NodePortKey: ServiceName] = [:]
    private var nodeAtAddress: [IPAddress: String] = [:]
    private var podsAtAddress: [IPAddress: [Int]] = [:]
    private var hostPodsAtAddress: [IPAddress: Int] = [:]
    private var endpointsAtPort: [PortKey: [Int]] = [:]
    private var endpointsOfService: [ObjectName: [Int]] = [:]
    private var podIndex: [ObjectName: Int] = [:]

    struct PortKey: Hashable {
        var transport: TransportProtocol
        var endpoint: Endpoint
    }

    struct NodePortKey: Hashable {
        var transport: TransportProtocol
        var family: AddressFamily
        var port: UInt16
    }

    /// No names: every look-up answers that nothing is known.
    public init() {}

    /// Joins what was read. Of an object that comes twice the last is kept.
    public init(services: [ClusterService], endpoints: [ServiceEndpoint], pods: [ClusterPod], nodes: [ClusterNode]) {
        var notices = NoticeList()
        self.services = ClusterNames.last(of: services, by: \.name)
        self.endpoints = ClusterNames.distinct(endpoints)
        self.pods = ClusterNames.last(of: pods, by: \.name)
        self.nodes = ClusterNames.last(of: nodes, by: \.name)
        indexNodes(&notices)
        indexPods(&notices)
        indexServices(&notices)
        indexEndpoints()
        self.notices = notices.lines
    }

    /// True when nothing was read.
    public var isEmpty: Bool { services.isEmpty && endpoints.isEmpty && pods.isEmpty && nodes.isEmpty }

    // MARK: Look-ups

    /// The service that a client asked at `endpoint`: by its cluster, external or load-balancer address, or by a node port on
    /// the address of any node.
    public func service(_ transport: TransportProtocol, _ endpoint: Endpoint) -> ServiceName? {
        if let name = serviceNames[PortKey(transport: transport, endpoint: endpoint)] { return name }
        guard let port = endpoint.port,
            let name = nodePorts[NodePortKey(transport: transport, family: endpoint.address.family, port: port)],
            nodeAtAddress[endpoint.address] != nil
        else { return nil }
        return name
    }

    /// Whose `address` is, by the address alone. Of pods that have had it one after another the one that runs is meant.
    public func pod(at address: IPAddress) -> AddressHolder {
        if let node = nodeAtAddress[address] { return .node(node, hostNetworkPods: hostPodsAtAddress[address] ?? 0) }
        guard let held = podsAtAddress[address] else { return .unknown }
        if held.count == 1 { return .pod(pods[held[0]]) }
        let best = pods[held[0]].claim
        let candidates = held.prefix { pods[$0].claim == best }
        return candidates.count == 1 ? .pod(pods[held[0]]) : .severalPods(candidates.map { pods[$0] })
    }

    /// Whose `endpoint` is. Where the address alone does not tell - a pod on its node's network, an address that several pods
    /// name - the endpoints of services do, when all that have this port name one pod.
    public func pod(_ transport: TransportProtocol, _ endpoint: Endpoint) -> AddressHolder {
        let holder = pod(at: endpoint.address)
        if case .pod = holder { return holder }
        guard let indices = endpointsAtPort[PortKey(transport: transport, endpoint: endpoint)],
            let first = endpoints[indices[0]].pod, indices.allSatisfy({ endpoints[$0].pod == first })
        else { return holder }
        if let index = podIndex[first] { return .pod(pods[index]) }
        return .pod(ClusterNames.podOf(endpoints[indices[0]], named: first))
    }

    /// Every pod that names `address` as its own, the one that most likely has it now first: for who asks about its history.
    public func pods(naming address: IPAddress) -> [ClusterPod] {
        (podsAtAddress[address] ?? []).map { pods[$0] }
    }

    /// The node with this address, by its own addresses or by those of the pods on its network.
    public func node(at address: IPAddress) -> String? { nodeAtAddress[address] }

    /// What stands behind `service`, all of its ports.
    public func endpoints(of service: ObjectName) -> [ServiceEndpoint] {
        (endpointsOfService[service] ?? []).map { endpoints[$0] }
    }

    /// Every service's endpoints with this address and port; several where services share their backends.
    public func endpoints(_ transport: TransportProtocol, at endpoint: Endpoint) -> [ServiceEndpoint] {
        (endpointsAtPort[PortKey(transport: transport, endpoint: endpoint)] ?? []).map { endpoints[$0] }
    }

    /// What an endpoint tells of its pod, where the pods themselves could not be read.
    private static func podOf(_ endpoint: ServiceEndpoint, named name: ObjectName) -> ClusterPod {
        var pod = ClusterPod(name: name)
        pod.node = endpoint.node
        pod.addresses = [endpoint.endpoint.address]
        pod.isReady = endpoint.isReady
        return pod
    }
}

extension ClusterPod {
    /// How good a claim on its address the pod has: lower is better.
    fileprivate var claim: Int { isFinished ? 2 : deletedAt != nil ? 1 : 0 }
}

// MARK: Building

extension ClusterNames {
    private static func last<Record, Name: Hashable>(of records: [Record], by name: KeyPath<Record, Name>) -> [Record] {
        var positions: [Name: Int] = [:]
        positions.reserveCapacity(records.count)
        var kept: [Record] = []
        kept.reserveCapacity(records.count)
        for record in records {
            if let position = positions.updateValue(kept.count, forKey: record[keyPath: name]) {
                positions[record[keyPath: name]] = position
                kept[position] = record
            } else {
                kept.append(record)
            }
        }
        return kept
    }

    /// An endpoint may stand in several slices while they are rearranged: it counts once, as ready as any of them says.
    private static func distinct(_ endpoints: [ServiceEndpoint]) -> [ServiceEndpoint] {
        struct Identity: Hashable {
            var service: ObjectName
            var portName: String
            var transport: TransportProtocol
            var endpoint: Endpoint
        }
        var positions: [Identity: Int] = [:]
        positions.reserveCapacity(endpoints.count)
        var kept: [ServiceEndpoint] = []
        kept.reserveCapacity(endpoints.count)
        for endpoint in endpoints {
            let identity = Identity(
                service: endpoint.service, portName: endpoint.portName, transport: endpoint.transport, endpoint: endpoint.endpoint)
            if let position = positions[identity] {
                if endpoint.isReady, !kept[position].isReady { kept[position] = endpoint }
            } else {
                positions[identity] = kept.count
                kept.append(endpoint)
            }
        }
        return kept
    }

    private mutating func indexNodes(_ notices: inout NoticeList) {
        for node in nodes {
            if node.addresses.isEmpty { notices.count("nodes have no address", node.name) }
            for address in node.addresses {
                if let other = nodeAtAddress.updateValue(node.name, forKey: address), other != node.name {
                    notices.count("addresses are those of two nodes", "\(address) of \(other) and \(node.name)")
                }
            }
        }
    }

    private mutating func indexPods(_ notices: inout NoticeList) {
        podIndex.reserveCapacity(pods.count)
        podsAtAddress.reserveCapacity(pods.count)
        for (index, pod) in pods.enumerated() where pod.usesHostNetwork {
            podIndex[pod.name] = index
            for address in pod.addresses {
                if nodeAtAddress[address] == nil { nodeAtAddress[address] = pod.node ?? "" }
                if !pod.isFinished { hostPodsAtAddress[address, default: 0] += 1 }
            }
        }
        for (index, pod) in pods.enumerated() where !pod.usesHostNetwork {
            podIndex[pod.name] = index
            if pod.addresses.isEmpty, pod.isReady { notices.count("pods are ready and have no address", "\(pod.name)") }
            for address in pod.addresses {
                podsAtAddress[address, default: []].append(index)
                if let node = nodeAtAddress[address], !pod.isFinished {
                    notices.count("pods have the address of a node and are not on its network", "\(pod.name), \(address) of \(node)")
                }
            }
        }
        for (address, held) in podsAtAddress.filter({ $0.value.count > 1 }).sorted(by: { $0.key < $1.key }) {
            let sorted = held.sorted { (pods[$0].claim, $0) < (pods[$1].claim, $1) }
            podsAtAddress[address] = sorted
            if pods[sorted[0]].claim == pods[sorted[1]].claim, !pods[sorted[0]].isFinished {
                notices.count("addresses are those of several pods", "\(address) of \(pods[sorted[0]].name) and \(pods[sorted[1]].name)")
            }
        }
    }

    private mutating func indexServices(_ notices: inout NoticeList) {
        // The order decides who is named where two services claim one port: it is that of their names, whatever the source's was.
        for service in services.sorted(by: { $0.name < $1.name }) {
            if service.clusterAddresses.isEmpty, !service.isHeadless, !service.isExternalName {
                notices.count("services have no address", "\(service.name)")
            }
            claim(service.clusterAddresses, .clusterIP, of: service, &notices)
            claim(service.externalAddresses, .externalIP, of: service, &notices)
            claim(service.loadBalancerAddresses, .loadBalancer, of: service, &notices)
            claimNodePorts(of: service, &notices)
        }
    }

    private mutating func claim(
        _ addresses: [IPAddress], _ kind: ServiceName.AddressKind, of service: ClusterService, _ notices: inout NoticeList
    ) {
        for address in addresses {
            if let held = podsAtAddress[address], !pods[held[0]].isFinished {
                notices.count("addresses are a service's and a pod's", "\(address) of \(service.name) and \(pods[held[0]].name)")
            }
            for port in service.ports {
                let key = PortKey(transport: port.transport, endpoint: Endpoint(address: address, port: port.port))
                let name = ServiceName(service: service.name, portName: port.name, port: port.port, addressKind: kind)
                if let other = serviceNames[key] {
                    // A load balancer may give out an external address of the same service: that is no clash.
                    if other.service == name.service { continue }
                    notices.count(
                        "ports are claimed by two services", "\(port.transport.name) \(key.endpoint) by \(other.service) and \(name.service)")
                } else {
                    serviceNames[key] = name
                }
            }
        }
    }

    private mutating func claimNodePorts(of service: ClusterService, _ notices: inout NoticeList) {
        let families = Set(service.clusterAddresses.map(\.family))
        for port in service.ports {
            guard let nodePort = port.nodePort else { continue }
            for family in families {
                let key = NodePortKey(transport: port.transport, family: family, port: nodePort)
                let name = ServiceName(service: service.name, portName: port.name, port: port.port, addressKind: .nodePort)
                if let other = nodePorts[key] {
                    notices.count(
                        "node ports are claimed by two services", "\(port.transport.name) \(nodePort) by \(other.service) and \(name.service)")
                } else {
                    nodePorts[key] = name
                }
            }
        }
    }

    private mutating func indexEndpoints() {
        endpointsAtPort.reserveCapacity(endpoints.count)
        for (index, endpoint) in endpoints.enumerated() {
            endpointsAtPort[PortKey(transport: endpoint.transport, endpoint: endpoint.endpoint), default: []].append(index)
            endpointsOfService[endpoint.service, default: []].append(index)
        }
    }
}
