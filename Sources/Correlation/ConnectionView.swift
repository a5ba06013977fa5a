public import KernelState

/// What happened to a connection of a watch.
public enum ConnectionChange: Sendable, Hashable {
    /// It is there now, and was not before.
    case new
    /// A state, flag, mark, address or backend of it differs. Timers and counters alone are no change.
    case change
    /// It is gone, or no longer what was asked for.
    case end
}

/// The connections of one namespace as a watch knows them, kept up by entries from dumps, events, lookups and IPVS readings in
/// whatever order these come.
public struct ConnectionView: Sendable {
    /// Names a connection for as long as it lives.
    public struct ID: Hashable, Sendable {
        var key: JoinKey
        var zone: UInt16
    }

    private struct Tracked: Sendable {
        var flow: Flow?
        var row: IPVSConnection?
        var flowReading: UInt32 = 0
        var rowReading: UInt32 = 0
        /// Seconds of the caller's clock when the kernel last told the entry's timer, and the row's.
        var flowSeenAt: Double = 0
        var rowSeenAt: Double = 0
        /// True once an event came for the entry: the kernel then sends all of its events.
        var sendsEvents = false
        /// How it was shown last; nil while it is not.
        var shown: ConnectionAppearance?
    }

    private var tracked: [ID: Tracked] = [:]
    /// The zone of a join key whose entry is not in zone 0: where an IPVS row finds it.
    private var foreignZones: [JoinKey: UInt16] = [:]
    private var services = ServiceIndex()
    private var reading: UInt32 = 0
    private var lastRowReading: UInt32 = 0
    private let admits: @Sendable (Connection) -> Bool
    private let place: PlaceIndex

    /// - Parameters:
    ///   - place: what every connection of this view gets.
    ///   - admits: what is shown, of all that is followed.
    public init(place: PlaceIndex, admits: @escaping @Sendable (Connection) -> Bool) {
        self.place = place
        self.admits = admits
    }

    /// The connections shown, in no order, with their timers run down from when the kernel last told them.
    public func connections(at time: Double) -> [Connection] {
        tracked.values.compactMap { entry in
            guard entry.shown != nil, var connection = connection(entry) else { return nil }
            if let timeout = entry.flow?.timeout { connection.conntrack?.timeout = Self.left(of: timeout, since: entry.flowSeenAt, at: time) }
            if let expires = entry.row?.expires { connection.ipvs?.expires = Self.left(of: expires, since: entry.rowSeenAt, at: time) }
            return connection
        }
    }

    private static func left(of seconds: UInt32, since start: Double, at time: Double) -> UInt32 {
        UInt32(max(0, Double(seconds) - max(0, time - start)))
    }

    public var isEmpty: Bool { tracked.isEmpty }

    // MARK: Conntrack

    /// Starts a reading of the whole conntrack table: what ``apply(dumped:at:_:)`` does not meet until
    /// ``endReading(_:)`` has gone.
    public mutating func beginReading() { reading &+= 1 }

    public mutating func apply(dumped flow: Flow, at time: Double, _ emit: (ConnectionChange, Connection) -> Void) {
        update(flow, at: time, fromEvent: false, emit)
    }

    public mutating func apply(event flow: Flow, at time: Double, _ emit: (ConnectionChange, Connection) -> Void) {
        update(flow, at: time, fromEvent: true, emit)
    }

    /// The kernel has no such entry any more. A message about an entry that another of the same tuple has replaced is passed over.
    public mutating func remove(_ flow: Flow, _ emit: (ConnectionChange, Connection) -> Void) {
        let id = id(of: flow)
        guard var entry = tracked[id], let known = entry.flow, known.id == flow.id else { return }
        if let counters = flow.counters { entry.flow?.counters = counters }
        if let stop = flow.stop { entry.flow?.stop = stop }
        if entry.shown != nil, entry.row == nil, let last = connection(entry) {
            tracked[id] = nil
            forgetZone(id)
            emit(.end, last)
            return
        }
        entry.flow = nil
        settle(id, entry, emit)
    }

    /// Ends the reading: entries that it did not meet, and that no event has brought since, are gone.
    public mutating func endReading(_ emit: (ConnectionChange, Connection) -> Void) {
        let missing = tracked.filter { $0.value.flow != nil && $0.value.flowReading != reading }
        for (_, entry) in missing { if let flow = entry.flow { remove(flow, emit) } }
    }

    private mutating func update(
        _ flow: Flow, at time: Double, fromEvent: Bool, _ emit: (ConnectionChange, Connection) -> Void
    ) {
        let id = id(of: flow)
        var entry = tracked[id] ?? Tracked()
        entry.flow = entry.flow.map { flow.completed(by: $0) } ?? flow
        entry.flowReading = reading
        entry.flowSeenAt = time
        if fromEvent { entry.sendsEvents = true }
        if flow.zone != 0 { foreignZones[id.key] = flow.zone }
        settle(id, entry, emit)
    }

    /// Entries that must be asked for, since no event can be trusted to tell of them: those older than the watch, and those
    /// whose timer has run out by now.
    public func needsLookup(_ id: ID, at time: Double) -> Flow? {
        guard let entry = tracked[id], let flow = entry.flow else { return nil }
        let overdue = flow.timeout.map { time >= entry.flowSeenAt + Double($0) } ?? true
        return !entry.sendsEvents || overdue ? flow : nil
    }

    /// The names of all entries that are followed.
    public var ids: [ID] { Array(tracked.keys) }

    // MARK: IPVS

    /// Takes a reading of the IPVS table, with its services. Rows that a complete one has not are gone; an incomplete one cannot tell,
    /// and a row that it has not stays until its timer has run out.
    public mutating func apply(
        rows: [IPVSConnection], isComplete: Bool = true, services: ServiceIndex, at time: Double,
        _ emit: (ConnectionChange, Connection) -> Void
    ) {
        take(services, emit)
        let rowReading = nextRowReading()
        for row in rows {
            let id = id(of: row)
            var entry = tracked[id] ?? Tracked()
            entry.row = row
            entry.rowReading = rowReading
            entry.rowSeenAt = time
            settle(id, entry, emit)
        }
        let missing = tracked.filter { _, entry in
            guard let row = entry.row, entry.rowReading != rowReading else { return false }
            return isComplete || Self.left(of: row.expires, since: entry.rowSeenAt, at: time) == 0
        }
        for (id, entry) in missing {
            var entry = entry
            entry.row = nil
            settle(id, entry, emit)
        }
    }

    /// Which entries the backend began is read from the services: with others some have another name.
    private mutating func take(_ services: ServiceIndex, _ emit: (ConnectionChange, Connection) -> Void) {
        guard !services.hasSameBackends(as: self.services) else {
            self.services = services
            return
        }
        let renamed = tracked.filter { _, entry in
            entry.flow.map { services.isReversed($0) != self.services.isReversed($0) } ?? false
        }
        // What was told under the old name ends under it.
        for (id, entry) in renamed {
            var rest = entry
            rest.flow = nil
            settle(id, rest, emit)
        }
        self.services = services
        for entry in renamed.values { if let flow = entry.flow { update(flow, at: entry.flowSeenAt, fromEvent: entry.sendsEvents, emit) } }
    }

    private mutating func nextRowReading() -> UInt32 {
        lastRowReading &+= 1
        return lastRowReading
    }

    // MARK: Both

    /// Stores the entry, or drops it when neither table has it, and tells what that means for who watches.
    private mutating func settle(_ id: ID, _ entry: Tracked, _ emit: (ConnectionChange, Connection) -> Void) {
        var entry = entry
        let before = entry.shown
        let earlier = tracked[id]
        let now = connection(entry).flatMap { admits($0) ? $0 : nil }
        entry.shown = now?.appearance
        if entry.flow == nil, entry.row == nil {
            tracked[id] = nil
            forgetZone(id)
        } else {
            tracked[id] = entry
        }
        switch (before, now) {
        case (nil, let now?): emit(.new, now)
        case (_?, nil): if let last = earlier.flatMap({ connection($0) }) { emit(.end, last) }
        case (let before?, let now?) where before != now.appearance: emit(.change, now)
        default: break
        }
    }

    private func connection(_ entry: Tracked) -> Connection? {
        var connection: Connection
        switch (entry.flow, entry.row) {
        case (let flow?, let row?): connection = Connection(flow, row, services: services)
        case (let flow?, nil): connection = Connection(flow, services: services)
        case (nil, let row?): connection = Connection(row, services: services)
        case (nil, nil): return nil
        }
        connection.place = place
        return connection
    }

    private mutating func forgetZone(_ id: ID) {
        if id.zone != 0, foreignZones[id.key] == id.zone { foreignZones[id.key] = nil }
    }

    private func id(of flow: Flow) -> ID { ID(key: JoinKey(flow, services: services), zone: flow.zone) }

    private func id(of row: IPVSConnection) -> ID {
        let key = JoinKey(row)
        if tracked[ID(key: key, zone: 0)]?.flow != nil { return ID(key: key, zone: 0) }
        return ID(key: key, zone: foreignZones[key] ?? 0)
    }
}
