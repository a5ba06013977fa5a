/// The entry that a connection which left one node has made on the node where its packets arrived.
public struct Twin: Hashable, Sendable {
    /// Where the packets arrived.
    public var place: PlaceIndex
    public var flow: Flow

    public init(place: PlaceIndex, flow: Flow) {
        self.place = place
        self.flow = flow
    }
}
