public import KernelState

/// What a text has told of one direction of an entry so far.
public struct TupleText {
    public var source: IPAddress?
    public var destination: IPAddress?
    /// Ports, or the keys of GRE.
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    public var icmpType: UInt8?
    public var icmpCode: UInt8?
    public var icmpID: UInt16?
    public var zone: UInt16?
    public var packets: UInt64?
    public var bytes: UInt64?

    public init() {}

    /// The tuple; nil where an address is missing, or one of two ports.
    ///
    /// - Parameters:
    ///   - transport: of the entry, which says whether there are ports.
    ///   - isUnknown: whether the kernel does not know the protocol, and thus no ports of it.
    public func tuple(of transport: TransportProtocol, isUnknown: Bool = false) -> Tuple? {
        guard let source, let destination, source.family == destination.family else { return nil }
        let detail: TupleDetail
        if transport.isICMP {
            // `conntrack -o xml` tells no more than the addresses.
            if icmpType == nil, icmpCode == nil, icmpID == nil {
                detail = .none
            } else {
                guard let icmpType, let icmpCode, let icmpID else { return nil }
                detail = .icmp(type: icmpType, code: icmpCode, id: icmpID)
            }
        } else if let sourcePort, let destinationPort {
            detail = .ports(source: sourcePort, destination: destinationPort)
        } else {
            guard sourcePort == nil, destinationPort == nil, isUnknown || !transport.hasPorts else { return nil }
            detail = .none
        }
        return Tuple(source: source, destination: destination, transport: transport, detail: detail, zone: zone)
    }
}

extension FlowCounters {
    /// The counters of both directions; nil where the text has none.
    public init?(_ original: TupleText, _ reply: TupleText) {
        guard let originalPackets = original.packets, let originalBytes = original.bytes, let replyPackets = reply.packets,
            let replyBytes = reply.bytes
        else { return nil }
        self.init()
        self.originalPackets = originalPackets
        self.originalBytes = originalBytes
        self.replyPackets = replyPackets
        self.replyBytes = replyBytes
    }
}
