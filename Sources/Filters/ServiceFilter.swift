public import KernelState

// What a filter means to services, which have a verdict only on all of their connections.

extension ConnectionFilter {
    /// The filter without what picks connections by how they stand: a verdict on those alone that wait for a reply would be that
    /// none is replied to.
    public var ofServices: ConnectionFilter {
        var filter = self
        filter.states = []
        filter.unreplied = false
        return filter
    }

    /// True when only services are wanted that have a connection of the kind asked for.
    public var selectsByConnections: Bool { !states.isEmpty || unreplied || !clients.isEmpty || zone != nil || mark != nil }

    /// True when connections of a service may be hidden, though ``admits(_:backend:)`` lets the service, or a backend of it, through.
    public func hidesConnections(of service: ServiceIdentity) -> Bool {
        if selectsByConnections || !backends.isEmpty || table != nil { return true }
        guard let ports else { return false }
        guard let asked = service.endpoint else { return true }
        return !ports.contains(asked.port)
    }

    /// Decides on a configured service, or on a backend of it, that has no connections.
    public func admits(_ service: ServiceIdentity, backend: Endpoint?) -> Bool {
        let asked: (transport: TransportProtocol, endpoint: Endpoint)?
        if case .address(let transport, let endpoint) = service { asked = (transport, endpoint) } else { asked = nil }
        if let ports, !ports.contains(asked?.endpoint.port), !ports.contains(backend?.port) { return false }
        if let family, service.family != family { return false }
        if !protocols.isEmpty, asked.map({ !protocols.contains($0.transport) }) ?? true { return false }
        return services.admits(asked?.endpoint) && backends.admits(backend)
    }
}
