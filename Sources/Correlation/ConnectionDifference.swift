public import KernelState

/// A connection that two readings do not agree on.
public enum ConnectionDifferenceItem: Sendable, Hashable {
    case new(Connection)
    case changed(before: Connection, after: Connection)
    case ended(Connection)
}

/// Compares the connections of two readings, in three passes that keep a fingerprint a connection and no connection but the changed
/// ones: so that two tables of a million entries need some 50 MB.
public struct ConnectionDifference {
    private struct Known {
        var appearance: UInt32
        var wasSeen = false
    }

    private var known: [UInt64: Known] = [:]
    private var changed: [UInt64: Connection] = [:]

    public init() {}

    /// First pass: the earlier reading.
    ///
    /// - Parameters:
    ///   - connection: one of it.
    ///   - place: names the place in both readings.
    public mutating func addBefore(_ connection: Connection, place: UInt16) {
        known[connection.identity(at: place)] = Known(appearance: Self.digest(connection))
    }

    /// Second pass: the later reading.
    public mutating func addAfter(_ connection: Connection, place: UInt16, _ emit: (ConnectionDifferenceItem) -> Void) {
        let identity = connection.identity(at: place)
        guard let index = known.index(forKey: identity) else { return emit(.new(connection)) }
        known.values[index].wasSeen = true
        if known.values[index].appearance != Self.digest(connection) { changed[identity] = connection }
    }

    /// Third pass: the earlier reading again.
    public mutating func addBeforeAgain(_ connection: Connection, place: UInt16, _ emit: (ConnectionDifferenceItem) -> Void) {
        let identity = connection.identity(at: place)
        if let after = changed.removeValue(forKey: identity) { return emit(.changed(before: connection, after: after)) }
        if known[identity]?.wasSeen == false { emit(.ended(connection)) }
    }

    private static func digest(_ connection: Connection) -> UInt32 {
        UInt32(truncatingIfNeeded: connection.appearance.hashValue)
    }
}
