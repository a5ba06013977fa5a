/// One connection as a user thinks of it: client → service → backend, with what each kernel table says of it.
///
/// At least one of ``conntrack`` and ``ipvs`` is present.
public struct Connection: Hashable, Sendable {
    public var transport: TransportProtocol
    public var client: Endpoint
    /// The virtual address that the client asked; nil when nothing was translated.
    public var service: Endpoint?
    public var backend: Endpoint
    /// The client as the backend sees it, when that differs.
    public var translatedClient: Endpoint?
    public var conntrack: Flow?
    public var ipvs: IPVSConnection?
    /// How IPVS forwards to this backend, and with which weight: from the service's destination, where it still exists.
    public var forwarding: ForwardingMethod?
    public var weight: UInt32?
    /// Its entry on the node where its packets arrived, where several nodes were read and this one leaves for another.
    public var twin: Twin?
    /// Where it was read: one of the report's places.
    public var place: PlaceIndex = 0

    public init(transport: TransportProtocol, client: Endpoint, service: Endpoint?, backend: Endpoint) {
        self.transport = transport
        self.client = client
        self.service = service
        self.backend = backend
    }

    @inlinable public var family: AddressFamily { client.address.family }
    /// The conntrack zone of the client's direction; 0 for an IPVS entry alone.
    @inlinable public var zone: UInt16 { conntrack?.originalZone ?? 0 }
}
