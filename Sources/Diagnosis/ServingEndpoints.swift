public import KernelState

/// Who serves what, as far as the node is told: by IPVS' service table.
///
/// conntrack alone does not know it: that an entry leads to a backend says nothing about whether the service still has it.
public struct ServingEndpoints: Hashable, Sendable {
    public enum Standing: Hashable, Sendable {
        /// Nothing here knows the service.
        case unknown
        /// The service has the backend, and it takes new connections.
        case serving
        /// The service has the backend with weight 0.
        case drained
        /// The service no longer has the backend.
        case absent
    }

    /// How a service treats a connection on its way.
    struct Known: Hashable, Sendable {
        /// The weight of each backend.
        var weights: [Endpoint: UInt32] = [:]
        /// True when a backend is reached without translation: by direct routing or a tunnel.
        var keepsDestination = false

        var servingBackends: Int { weights.values.count { $0 > 0 } }
    }

    private var known: [ServiceIdentity: Known] = [:]

    public init(_ services: [VirtualService]) {
        for service in services {
            var entry = Known()
            for backend in service.backends {
                entry.weights[backend.endpoint] = backend.weight
                if backend.forwarding != .masquerade, backend.forwarding != .local { entry.keepsDestination = true }
            }
            known[service.identity] = entry
            if entry.servingBackends == 0 { emptyServices.insert(service.identity) }
        }
    }

    public var isEmpty: Bool { known.isEmpty }

    /// Services of which no backend takes connections.
    public private(set) var emptyServices: Set<ServiceIdentity> = []

    func service(_ transport: TransportProtocol, _ service: Endpoint) -> Known? {
        known[.address(transport, service)]
    }

    public func standing(of backend: Endpoint, _ transport: TransportProtocol, service: Endpoint) -> Standing {
        guard let entry = known[.address(transport, service)] else { return .unknown }
        guard let weight = entry.weights[backend] else { return .absent }
        return weight > 0 ? .serving : .drained
    }

    /// The backends that take new connections of a service; nil where the service is not known.
    func servingCount(_ transport: TransportProtocol, _ service: Endpoint) -> Int? {
        known[.address(transport, service)]?.servingBackends
    }
}

extension Sample {
    /// Where a connection stands with the service that its client asked.
    func standing(of connection: Connection) -> ServingEndpoints.Standing {
        guard let service = connection.service else { return .unknown }
        return endpoints.standing(of: connection.backend, connection.transport, service: service)
    }
}
