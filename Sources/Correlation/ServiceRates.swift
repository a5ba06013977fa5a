public import KernelState

/// What happens to the connections of a watch, counted for each backend until it is asked for.
public struct ServiceRates: Sendable {
    private struct Count: Sendable {
        /// One of the connections counted: it names the backend.
        var connection: Connection
        var new = 0
        var ended = 0
        var failed = 0
    }

    private var counts: [ServiceTally.Key: Count] = [:]

    public init() {}

    /// Forgets what was counted.
    public mutating func reset() { counts = [:] }

    /// Forgets what was counted in other places than these: it ended with them.
    public mutating func keep(_ places: Set<PlaceIndex>) { counts = counts.filter { places.contains($0.key.place) } }

    /// Counts a change of a connection in; one that had been there before the watch is none.
    public mutating func note(_ change: ConnectionChange, _ connection: Connection) {
        guard change != .change, let key = ServiceTally.Key(connection) else { return }
        var count = counts[key] ?? Count(connection: connection)
        if change == .new {
            count.new += 1
        } else {
            count.ended += 1
            if connection.endedInFailure { count.failed += 1 }
        }
        counts[key] = count
    }

    /// Hands what was counted to the backends of `tally`, and starts anew.
    ///
    /// - Parameters:
    ///   - tally: what has counted the same connections.
    ///   - seconds: how long it was counted.
    public mutating func move(to tally: inout ServiceTally, over seconds: Double) {
        tally.beginRates()
        for count in counts.values {
            let rates = BackendRates(
                new: Double(count.new) / seconds, ended: Double(count.ended) / seconds, failed: Double(count.failed) / seconds)
            tally.set(rates, of: count.connection)
        }
        reset()
    }
}

extension Connection {
    /// True when it was never replied to, or the backend closed it before it was established.
    fileprivate var endedInFailure: Bool {
        if case .unreplied = ConnectionAnswer(self) { return true }
        guard let flow = conntrack else { return false }
        return flow.state == .tcp(.close) && !flow.status.contains(.assured)
    }
}
