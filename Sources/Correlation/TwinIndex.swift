public import KernelState

/// A connection as its packets look between two nodes: after the translation of the node that they leave, before that of the one
/// where they arrive. Both nodes' entries have it, and nothing else in common.
struct WireKey: Hashable, Sendable {
    var transport: TransportProtocol
    var source: Endpoint
    var destination: Endpoint

    /// As packets of the entry's original direction leave its node.
    init(leaving flow: Flow) {
        transport = flow.transport
        source = flow.reply.destinationEndpoint
        destination = flow.reply.sourceEndpoint
        keepOriginalDetail(flow)
    }

    /// As packets of the entry's original direction arrive at its node.
    init(arriving flow: Flow) {
        transport = flow.transport
        source = flow.original.sourceEndpoint
        destination = flow.original.destinationEndpoint
    }

    /// An ICMP answer has a type of its own, and the question is what is on the wire.
    private mutating func keepOriginalDetail(_ flow: Flow) {
        guard case .icmp(let type, let code, _) = flow.original.detail, case .icmp(_, _, let id) = flow.reply.detail else { return }
        source.detail = .icmp(type: type, code: code, id: id)
        destination.detail = source.detail
    }
}

/// Finds, for entries that leave one node, the entries that the same packets make on another: their twins there.
///
/// Two passes: the entries of interest are wanted first, then every node's entries are offered. So memory grows with what is
/// wanted, not with the tables.
public struct TwinIndex: Sendable {
    private var found: [WireKey: [Twin]] = [:]

    public init() {}

    public var isEmpty: Bool { found.isEmpty }

    /// Asks for the twin of an entry.
    public mutating func want(_ flow: Flow) {
        let key = WireKey(leaving: flow)
        if found[key] == nil { found[key] = [] }
    }

    /// Takes an entry of any node, which is a twin if one is wanted that it fits.
    public mutating func offer(_ flow: Flow, at place: PlaceIndex) {
        guard !found.isEmpty else { return }
        found[WireKey(arriving: flow)]?.append(Twin(place: place, flow: flow))
    }

    /// The twin of an entry of `place` on another place; nil when none was offered. An entry that translates nothing fits its own
    /// key, and an entry is not its own twin.
    public func twin(of flow: Flow, at place: PlaceIndex) -> Twin? {
        found[WireKey(leaving: flow)]?.first { $0.place != place }
    }
}
