/// The entry that a connection which left one node has made on the node where its packets arrived, as far as it tells what became
/// of them there.
public struct Twin: Hashable, Sendable {
    /// Where the packets arrived.
    public var place: PlaceIndex
    public var state: FlowState?
    public var status: FlowStatus
    /// Seconds until that entry expires; nil for an offloaded one.
    public var timeout: UInt32?
    /// When that entry was made, nanoseconds since 1970 by its own node's clock, where the kernel keeps it.
    public var start: UInt64?

    public init(place: PlaceIndex, flow: Flow) {
        self.place = place
        state = flow.state
        status = flow.status
        timeout = flow.timeout
        start = flow.start
    }

    /// True when the packets arrived and nothing came back there.
    public var isUnreplied: Bool { !status.contains(.seenReply) }
}
