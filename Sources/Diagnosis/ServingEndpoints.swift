import KernelState

/// Who serves what, as far as the node is told: by IPVS' service table, and by the cluster's own list where that was given.
///
/// conntrack alone does not know it: that an entry leads to a backend says nothing about whether the service still has it.
struct ServingEndpoints: Sendable {
    enum Standing: Hashable, Sendable {
        /// Nothing here knows the service.
        case unknown
        /// The service has the backend, and it takes new connections.
        case serving
        /// The service has the backend, and gives it no new connections: weight 0, or not ready.
        case drained
        /// The service does not have the backend.
        case absent
    }

    /// What is known of a service's backends.
    struct Known: Sendable {
        /// The weight of each backend; 1 or 0 by readiness, where the cluster tells.
        var weights: [Endpoint: UInt32] = [:]
        /// True when a backend is reached without translation: by direct routing or a tunnel.
        var keepsDestination = false
        /// True when IPVS has the service.
        var isOfIPVS = false
        /// True when IPVS keeps no connections of it, so that conntrack's entries stay as they began.
        var isOnePacket = false

        var servingBackends: Int { weights.values.count { $0 > 0 } }

        func standing(of backend: Endpoint) -> Standing {
            guard let weight = weights[backend] ?? weights[Endpoint(address: backend.address, port: 0)] else { return .absent }
            return weight > 0 ? .serving : .drained
        }
    }

    private struct ClusterPort: Hashable {
        var service: ObjectName
        var port: String
    }

    private var known: [ServiceIdentity: Known] = [:]
    private var ofCluster: [ClusterPort: Known] = [:]
    private let names: ClusterNames
    /// Services of IPVS and of the cluster of which no backend takes connections.
    private(set) var emptyServices: Set<ServiceIdentity> = []

    init(_ services: [VirtualService], names: ClusterNames = ClusterNames()) {
        self.names = names
        for service in services { add(service) }
        for endpoint in names.endpoints {
            let port = ClusterPort(service: endpoint.service, port: endpoint.portName)
            let weight: UInt32 = endpoint.isReady ? 1 : 0
            ofCluster[port, default: Known()].weights[endpoint.endpoint] = max(weight, ofCluster[port]?.weights[endpoint.endpoint] ?? 0)
        }
        for service in names.services { addEmptyPorts(of: service) }
    }

    private mutating func add(_ service: VirtualService) {
        var entry = Known()
        entry.isOfIPVS = true
        entry.isOnePacket = service.flags & VirtualService.onePacketFlag != 0
        for backend in service.backends {
            entry.weights[backend.endpoint] = backend.weight
            if backend.forwarding != .masquerade, backend.forwarding != .local { entry.keepsDestination = true }
        }
        known[service.identity] = entry
        if entry.servingBackends == 0 { emptyServices.insert(service.identity) }
    }

    private mutating func addEmptyPorts(of service: ClusterService) {
        for port in service.ports where (ofCluster[ClusterPort(service: service.name, port: port.name)]?.servingBackends ?? 0) == 0 {
            for address in service.clusterAddresses {
                let identity = ServiceIdentity.address(port.transport, Endpoint(address: address, port: port.port))
                if known[identity] == nil { emptyServices.insert(identity) }
            }
        }
    }

    /// True when nothing here knows any service.
    var isEmpty: Bool { known.isEmpty && names.services.isEmpty }
    var hasIPVS: Bool { !known.isEmpty }

    func service(_ transport: TransportProtocol, _ service: Endpoint) -> Known? {
        if let entry = known[.address(transport, service)] ?? known[.address(transport, Endpoint(address: service.address, port: 0))] {
            return entry
        }
        guard let name = names.service(transport, service) else { return nil }
        return ofCluster[ClusterPort(service: name.service, port: name.portName)] ?? Known()
    }

    func standing(of backend: Endpoint, _ transport: TransportProtocol, service: Endpoint) -> Standing {
        self.service(transport, service)?.standing(of: backend) ?? .unknown
    }

    /// Where the backend of an IPVS connection stands with its service, that of a firewall mark's template included.
    func standing(of row: IPVSConnection) -> Standing {
        if let mark = row.firewallMark {
            return known[.firewallMark(mark, row.client.address.family)]?.standing(of: row.backend) ?? .unknown
        }
        return standing(of: row.backend, row.transport, service: row.service)
    }
}

extension Sample {
    /// Where a connection stands with the service that its client asked.
    func standing(of connection: Connection) -> ServingEndpoints.Standing {
        guard let service = connection.service else { return .unknown }
        return endpoints.standing(of: connection.backend, connection.transport, service: service)
    }
}
