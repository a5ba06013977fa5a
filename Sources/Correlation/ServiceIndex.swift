public import KernelState

/// The virtual services of a namespace, arranged for the questions that the join asks of every entry.
public struct ServiceIndex: Sendable {
    private struct BackendKey: Hashable, Sendable {
        var service: ServiceIdentity
        var backend: Endpoint
    }

    private var services: Set<ServiceIdentity> = []
    private var backends: [BackendKey: Backend] = [:]

    public init(_ services: [VirtualService] = []) {
        for service in services {
            self.services.insert(service.identity)
            for backend in service.backends {
                backends[BackendKey(service: service.identity, backend: backend.endpoint)] = backend
            }
        }
    }

    public var isEmpty: Bool { services.isEmpty }

    /// True when every entry is the same way round by both: see ``isReversed(_:)``.
    func hasSameBackends(as other: ServiceIndex) -> Bool { backends.keys == other.backends.keys }

    /// The backend of a virtual service as it is configured now; nil once either is gone.
    public func backend(_ transport: TransportProtocol, service: Endpoint, backend: Endpoint) -> Backend? {
        backends[BackendKey(service: .address(transport, service), backend: backend)]
    }

    /// True for an entry that a packet from the backend began, after the table was flushed in the middle of a connection: the
    /// client then stands in the entry's destination, and the service where a masqueraded source would.
    public func isReversed(_ flow: Flow) -> Bool {
        guard !services.isEmpty, flow.reply.destination != flow.original.source || flow.reply.detail != flow.original.detail.mirrored
        else { return false }
        return backend(
            flow.transport, service: flow.reply.destinationEndpoint, backend: flow.original.sourceEndpoint) != nil
    }
}

extension TupleDetail {
    /// The detail as the other direction would have it without translation.
    var mirrored: TupleDetail {
        switch self {
        case .ports(let source, let destination): .ports(source: destination, destination: source)
        case .icmp, .none: self
        }
    }
}
