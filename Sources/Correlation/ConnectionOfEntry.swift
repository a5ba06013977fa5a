// One table's entry as a connection: who is the client, the service and the backend.

public import KernelState

extension Connection {
    /// Reads a conntrack entry alone: the service is the destination that the client asked, the backend the one that answers.
    ///
    /// - Parameter services: what IPVS serves, which tells an entry that the backend began.
    public init(_ flow: Flow, services: ServiceIndex) {
        if services.isReversed(flow) {
            self.init(
                transport: flow.transport, client: flow.original.destinationEndpoint, service: flow.reply.destinationEndpoint,
                backend: flow.original.sourceEndpoint)
        } else {
            let translated = flow.translatesDestination
            self.init(
                transport: flow.transport, client: flow.original.sourceEndpoint,
                service: translated ? flow.original.destinationEndpoint : nil,
                backend: translated ? flow.reply.sourceEndpoint : flow.original.destinationEndpoint)
            translatedClient = flow.translatesSource ? flow.reply.destinationEndpoint : nil
        }
        conntrack = flow
    }

    /// Reads an IPVS entry alone.
    public init(_ row: IPVSConnection, services: ServiceIndex) {
        self.init(transport: row.transport, client: row.client, service: row.service, backend: row.backend)
        ipvs = row
        if let backend = services.backend(row.transport, service: row.service, backend: row.backend) {
            forwarding = backend.forwarding
            weight = backend.weight
        }
    }

    /// Puts both tables' entries for one connection together.
    public init(_ flow: Flow, _ row: IPVSConnection, services: ServiceIndex) {
        self.init(row, services: services)
        let own = Connection(flow, services: services)
        conntrack = flow
        translatedClient = own.translatedClient
        // In direct-routing and tunnel mode conntrack sees no translation, and IPVS alone knows the backend.
        if own.service != nil { backend = own.backend }
    }
}

extension Flow {
    /// The bits of ICMP's own type differ between the directions, so that addresses alone are compared there.
    public var translatesDestination: Bool {
        if reply.source != original.destination { return true }
        guard case .ports(_, let asked) = original.detail, case .ports(let answering, _) = reply.detail else { return false }
        return asked != answering
    }

    public var translatesSource: Bool {
        if reply.destination != original.source { return true }
        guard case .ports(let sent, _) = original.detail, case .ports(_, let seen) = reply.detail else { return false }
        return sent != seen
    }
}
