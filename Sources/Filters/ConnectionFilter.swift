public import KernelState

/// What a user asked to see: every criterion given must hold, and of a criterion's several values one.
public struct ConnectionFilter: Sendable {
    /// The service's or the backend's port, never a client's ephemeral one.
    public var ports: PortSet?
    public var clients: [EndpointPattern] = []
    public var services: [EndpointPattern] = []
    public var backends: [EndpointPattern] = []
    public var protocols: Set<TransportProtocol> = []
    /// Names of states of either table, and of marks of conntrack's, in capitals.
    public var states: Set<String> = []
    public var unreplied = false
    public var family: AddressFamily?
    /// The only table that is read.
    public var table: KernelTable?
    public var zone: UInt16?
    public var mark: KernelWalk.Masked?

    public init() {}

    /// Decides on a joined connection: the whole truth, whatever was filtered before.
    public func admits(_ connection: Connection) -> Bool {
        if let ports, !ports.contains(connection.service?.port), !ports.contains(connection.backend.port) { return false }
        if let family, connection.family != family { return false }
        if !protocols.isEmpty, !protocols.contains(connection.transport) { return false }
        guard clients.admits(connection.client), services.admits(connection.service), backends.admits(connection.backend)
        else { return false }
        return admitsStates(connection) && admitsConntrack(connection.conntrack)
    }

    /// What conntrack marks entries of any protocol with: most have no state but these.
    static let marks: [String: @Sendable (FlowStatus) -> Bool] = [
        "UNREPLIED": { !$0.contains(.seenReply) }, "REPLIED": { $0.contains(.seenReply) }, "SEEN_REPLY": { $0.contains(.seenReply) },
        "ASSURED": { $0.contains(.assured) }, "OFFLOAD": { $0.contains(.offload) }, "HW_OFFLOAD": { $0.contains(.hardwareOffload) },
    ]

    private func admitsStates(_ connection: Connection) -> Bool {
        guard !states.isEmpty else { return true }
        if let flow = connection.conntrack {
            if let state = flow.state, states.contains(state.name) { return true }
            if states.contains(where: { Self.marks[$0].map { $0(flow.status) } ?? false }) { return true }
        }
        return connection.ipvs.map { states.contains($0.state.name) } ?? false
    }

    /// What only a conntrack entry can fulfil.
    private func admitsConntrack(_ flow: Flow?) -> Bool {
        guard unreplied || zone != nil || mark != nil else { return true }
        guard let flow else { return false }
        if unreplied, !flow.isUnreplied { return false }
        if let zone, !flow.isIn(zone: zone) { return false }
        if let mark, !mark.admits(flow.mark) { return false }
        return true
    }

    /// Refuses, before the join, entries that no twin of the other table could make admissible.
    public func mayAdmit(_ row: IPVSConnection) -> Bool {
        if let ports, !ports.contains(row.service.port), !ports.contains(row.backend.port) { return false }
        if let family, row.client.address.family != family { return false }
        if !protocols.isEmpty, !protocols.contains(row.transport) { return false }
        return clients.admits(row.client) && services.admits(row.service)
    }

    /// Refuses, before the join, conntrack entries that no IPVS entry could make admissible: the million-times path.
    ///
    /// - Parameters:
    ///   - flow: the entry.
    ///   - relatedServices: virtual services of which a backend has a wanted port or address that conntrack, in
    ///     direct-routing and tunnel mode, does not know.
    @inlinable
    public func mayAdmit(_ flow: Flow, relatedServices: Set<Endpoint>) -> Bool {
        if let ports, !anyPort(of: flow, in: ports),
            relatedServices.isEmpty || !relatedServices.contains(flow.original.destinationEndpoint)
        {
            return false
        }
        return mayAdmitRest(flow)
    }

    /// All four ports: an entry that the backend began has its service in the reply's destination and its backend in the
    /// original source. That lets a client's own port through here, and ``admits(_:)`` decides.
    @inlinable @inline(__always)
    func anyPort(of flow: Flow, in ports: PortSet) -> Bool {
        guard case .ports(let sent, let asked) = flow.original.detail else { return false }
        if ports.contains(asked) || ports.contains(sent) { return true }
        guard case .ports(let answering, let seen) = flow.reply.detail else { return false }
        return ports.contains(answering) || ports.contains(seen)
    }

    @usableFromInline
    func mayAdmitRest(_ flow: Flow) -> Bool {
        if let family, flow.family != family { return false }
        if !protocols.isEmpty, !protocols.contains(flow.transport) { return false }
        if !clients.isEmpty, !clients.admits(flow.original.sourceEndpoint), !clients.admits(flow.original.destinationEndpoint) {
            return false
        }
        return admitsConntrack(flow)
    }

    /// The virtual services that a filter on ports may concern through a backend alone.
    public func relatedServices(of services: [VirtualService]) -> Set<Endpoint> {
        guard let ports else { return [] }
        var related: Set<Endpoint> = []
        for service in services {
            guard let endpoint = service.identity.endpoint else { continue }
            if service.backends.contains(where: { ports.contains($0.endpoint.port) }) { related.insert(endpoint) }
        }
        return related
    }

    /// The entries that a filter on ports may concern; nil without one.
    public func portSelection(relatedServices: Set<Endpoint>) -> PortSelection? {
        ports.map { PortSelection(ports: $0.ports, destinations: relatedServices) }
    }
}
