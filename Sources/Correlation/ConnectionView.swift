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
    /// Names a connection for as long as it lives: by its key's fingerprint, since a million keys would be 70 MB.
    public struct ID: Hashable, Sendable {
        fileprivate var fingerprint: UInt64

        fileprivate init(_ key: JoinKey, zone: UInt16) {
            var fingerprint = key.fingerprint
            fingerprint.mix(UInt64(zone))
            self.fingerprint = fingerprint.value
        }

        fileprivate init(fingerprint: UInt64) { self.fingerprint = fingerprint }
    }

    /// What is followed, with the conntrack entry where there is one. Rows of IPVS are kept apart: most nodes' entries have none.
    private struct Tracked: Sendable {
        var flow: Flow?
        var flowReading: UInt32 = 0
        /// True once an event came for the entry: the kernel then sends all of its events.
        var sendsEvents = false
        /// Seconds of the caller's clock when the kernel last told the entry's timer.
        var seenAt: Double = 0
        /// The hash of how it was shown last; nil while it is not.
        var shown: Int?
    }

    private struct TrackedRow: Sendable {
        var row: IPVSConnection
        var reading: UInt32
        /// Seconds of the caller's clock when the kernel last told the row's timer.
        var seenAt: Double
    }

    private enum News: Sendable {
        case lives
        case hasGone(id: UInt32)
    }

    private var tracked = FingerprintTable<Tracked>()
    private var rows = FingerprintTable<TrackedRow>()
    /// The zone of a join key whose entry is not in zone 0: where an IPVS row finds it.
    private var foreignZones: [JoinKey: UInt16] = [:]
    private var services = ServiceIndex()
    private var reading: UInt32 = 0
    private var rowReading: UInt32 = 0
    /// What events have told since the last portion of a dump was read, by the entry's fingerprint; nil while no reading goes on.
    private var news: [UInt64: News]?
    private let admits: @Sendable (Connection) -> Bool
    private let place: PlaceIndex

    /// - Parameters:
    ///   - place: what every connection of this view gets.
    ///   - admits: what is shown, of all that is followed.
    public init(place: PlaceIndex, admits: @escaping @Sendable (Connection) -> Bool) {
        self.place = place
        self.admits = admits
    }

    /// Hands out the connections shown, in no order, with their timers run down from when the kernel last told them.
    public func forEach(at time: Double, _ body: (Connection) -> Void) {
        tracked.forEach { fingerprint, entry in
            guard entry.shown != nil else { return }
            let row = rows[fingerprint]
            guard var connection = connection(entry.flow, row?.row) else { return }
            if let timeout = entry.flow?.timeout { connection.conntrack?.timeout = Self.left(of: timeout, since: entry.seenAt, at: time) }
            if let row { connection.ipvs?.expires = Self.left(of: row.row.expires, since: row.seenAt, at: time) }
            body(connection)
        }
    }

    private static func left(of seconds: UInt32, since start: Double, at time: Double) -> UInt32 {
        UInt32(max(0, Double(seconds) - max(0, time - start)))
    }

    public var isEmpty: Bool { tracked.isEmpty }

    /// Conntrack entries that are followed, shown or not.
    public private(set) var entries = 0

    /// Connections shown that have an entry in each table.
    public func shown() -> (conntrack: Int, ipvs: Int) {
        var shown = (conntrack: 0, ipvs: 0)
        tracked.forEach { fingerprint, entry in
            guard entry.shown != nil else { return }
            if entry.flow != nil { shown.conntrack += 1 }
            if rows[fingerprint] != nil { shown.ipvs += 1 }
        }
        return shown
    }

    private mutating func store(_ entry: Tracked?, _ id: ID) {
        entries += (entry?.flow == nil ? 0 : 1) - (tracked[id.fingerprint]?.flow == nil ? 0 : 1)
        tracked[id.fingerprint] = entry
    }

    // MARK: Conntrack

    /// Starts a reading of the whole conntrack table: what ``apply(dumped:at:_:)`` does not meet until
    /// ``endReading(isComplete:_:)`` has gone.
    public mutating func beginReading() {
        reading &+= 1
        news = [:]
    }

    /// Ends a portion of the reading. The kernel fills the next one as this is received: what events tell until that is read is newer.
    public mutating func endPortion() { news?.removeAll(keepingCapacity: true) }

    /// Takes an entry as a dump or a lookup tells it. Where an event has told of it since the dump's last portion, the event is right, and
    /// the dump adds what it has left out.
    ///
    /// - Parameters:
    ///   - flow: the entry.
    ///   - time: when its timer was told, in seconds of the caller's clock.
    ///   - emit: told what became of the connection, where that is any news.
    public mutating func apply(dumped flow: Flow, at time: Double, _ emit: (ConnectionChange, Connection) -> Void) {
        switch news?[flow.fingerprint.value] {
        case .hasGone(let id) where id == flow.id: break
        case .lives: complete(by: flow, emit)
        default: update(flow, at: time, fromEvent: false, emit)
        }
    }

    /// Takes an entry as an event tells it, which may leave out what has not changed: see ``apply(dumped:at:_:)``.
    public mutating func apply(event flow: Flow, at time: Double, _ emit: (ConnectionChange, Connection) -> Void) {
        news?[flow.fingerprint.value] = .lives
        update(flow, at: time, fromEvent: true, emit)
    }

    /// The kernel has no such entry any more, or it is none of those asked for. A message about an entry that another of the same tuple
    /// has replaced is passed over.
    public mutating func remove(_ flow: Flow, _ emit: (ConnectionChange, Connection) -> Void) {
        news?[flow.fingerprint.value] = .hasGone(id: flow.id)
        guard var entry = tracked[id(of: flow).fingerprint], let known = entry.flow, known.id == flow.id else { return }
        if let counters = flow.counters { entry.flow?.counters = counters }
        if let stop = flow.stop { entry.flow?.stop = stop }
        drop(flow, entry, emit)
    }

    /// Takes an entry's conntrack side away, as it was at its end.
    private mutating func drop(_ flow: Flow, _ entry: Tracked, _ emit: (ConnectionChange, Connection) -> Void) {
        let id = id(of: flow)
        let row = rows[id.fingerprint]
        if row == nil { forgetZone(JoinKey(flow, services: services), id) }
        if entry.shown != nil, row == nil, let last = connection(entry.flow, nil) {
            store(nil, id)
            emit(.end, last)
            return
        }
        var rest = entry
        rest.flow = nil
        settle(id, rest, row, emit)
    }

    /// Ends the reading: entries that it did not meet, and that no event has brought since, are gone. One that is not complete cannot tell.
    public mutating func endReading(isComplete: Bool = true, _ emit: (ConnectionChange, Connection) -> Void) {
        news = nil
        guard isComplete else { return }
        var missing: [Flow] = []
        tracked.forEach { _, entry in if let flow = entry.flow, entry.flowReading != reading { missing.append(flow) } }
        for flow in missing { remove(flow, emit) }
    }

    private mutating func update(
        _ flow: Flow, at time: Double, fromEvent: Bool, _ emit: (ConnectionChange, Connection) -> Void
    ) {
        let key = JoinKey(flow, services: services)
        let id = ID(key, zone: flow.originalZone)
        var entry = tracked[id.fingerprint] ?? Tracked()
        entry.flow = entry.flow.map { flow.completed(by: $0) } ?? flow
        entry.flowReading = reading
        entry.seenAt = time
        if fromEvent { entry.sendsEvents = true }
        if flow.originalZone != 0 { foreignZones[key] = flow.originalZone }
        settle(id, entry, rows[id.fingerprint], emit)
    }

    private mutating func complete(by flow: Flow, _ emit: (ConnectionChange, Connection) -> Void) {
        let id = id(of: flow)
        guard var entry = tracked[id.fingerprint], let known = entry.flow else { return }
        entry.flow = known.completed(by: flow)
        settle(id, entry, rows[id.fingerprint], emit)
    }

    /// Entries that must be asked for, since no event can be trusted to tell of them: those older than the watch, and those
    /// whose timer has run out by now.
    public func needsLookup(_ id: ID, at time: Double) -> Flow? {
        guard let entry = tracked[id.fingerprint], let flow = entry.flow else { return nil }
        let overdue = flow.timeout.map { time >= entry.seenAt + Double($0) } ?? true
        return !entry.sendsEvents || overdue ? flow : nil
    }

    /// The names of all entries that are followed.
    public var ids: [ID] { tracked.keys.map { ID(fingerprint: $0) } }

    // MARK: IPVS

    /// Takes a reading of the IPVS table, with its services. Rows that a complete one has not are gone; an incomplete one cannot tell,
    /// and a row that it has not stays until its timer has run out.
    public mutating func apply(
        rows: [IPVSConnection], isComplete: Bool = true, services: ServiceIndex, at time: Double,
        _ emit: (ConnectionChange, Connection) -> Void
    ) {
        take(services, emit)
        rowReading &+= 1
        for row in rows {
            let id = id(of: row)
            settle(id, tracked[id.fingerprint] ?? Tracked(), TrackedRow(row: row, reading: rowReading, seenAt: time), emit)
        }
        var gone: [ID] = []
        self.rows.forEach { fingerprint, row in
            guard row.reading != rowReading else { return }
            if isComplete || Self.left(of: row.row.expires, since: row.seenAt, at: time) == 0 { gone.append(ID(fingerprint: fingerprint)) }
        }
        for id in gone { settle(id, tracked[id.fingerprint] ?? Tracked(), nil, emit) }
    }

    /// Which entries the backend began is read from the services: with others some have another name.
    private mutating func take(_ services: ServiceIndex, _ emit: (ConnectionChange, Connection) -> Void) {
        guard !services.hasSameBackends(as: self.services) else {
            self.services = services
            return
        }
        var renamed: [Tracked] = []
        tracked.forEach { _, entry in
            guard let flow = entry.flow, services.isReversed(flow) != self.services.isReversed(flow) else { return }
            renamed.append(entry)
        }
        // What was told under the old name ends under it.
        for entry in renamed { if let flow = entry.flow { drop(flow, entry, emit) } }
        self.services = services
        for entry in renamed { if let flow = entry.flow { update(flow, at: entry.seenAt, fromEvent: entry.sendsEvents, emit) } }
    }

    // MARK: Both

    /// Both tables are gone, and all that was in them.
    public mutating func removeAll(_ emit: (ConnectionChange, Connection) -> Void) {
        tracked.forEach { fingerprint, entry in
            guard entry.shown != nil, let last = connection(entry.flow, rows[fingerprint]?.row) else { return }
            emit(.end, last)
        }
        self = ConnectionView(place: place, admits: admits)
    }

    /// Stores the entry, or drops it when neither table has it, and tells what that means for who watches.
    private mutating func settle(
        _ id: ID, _ entry: Tracked, _ row: TrackedRow?, _ emit: (ConnectionChange, Connection) -> Void
    ) {
        var entry = entry
        let before = entry.shown
        let now = connection(entry.flow, row?.row).flatMap { admits($0) ? $0 : nil }
        let earlierRow = rows[id.fingerprint]?.row
        let last = before != nil && now == nil ? connection(tracked[id.fingerprint]?.flow, earlierRow) : nil
        if entry.flow == nil, row == nil, let earlierRow { forgetZone(JoinKey(earlierRow), id) }
        entry.shown = now?.appearance.hashValue
        store(entry.flow == nil && row == nil ? nil : entry, id)
        rows[id.fingerprint] = row
        switch (before, now) {
        case (nil, let now?): emit(.new, now)
        case (_?, nil): if let last { emit(.end, last) }
        case (let before?, let now?) where before != entry.shown: emit(.change, now)
        default: break
        }
    }

    private func connection(_ flow: Flow?, _ row: IPVSConnection?) -> Connection? {
        var connection: Connection
        switch (flow, row) {
        case (let flow?, let row?): connection = Connection(flow, row, services: services)
        case (let flow?, nil): connection = Connection(flow, services: services)
        case (nil, let row?): connection = Connection(row, services: services)
        case (nil, nil): return nil
        }
        connection.place = place
        return connection
    }

    private mutating func forgetZone(_ key: JoinKey, _ id: ID) {
        if let zone = foreignZones[key], ID(key, zone: zone) == id { foreignZones[key] = nil }
    }

    private func id(of row: IPVSConnection) -> ID {
        let key = JoinKey(row)
        let id = ID(key, zone: 0)
        return tracked[id.fingerprint]?.flow == nil ? ID(key, zone: foreignZones[key] ?? 0) : id
    }

    private func id(of flow: Flow) -> ID { ID(JoinKey(flow, services: services), zone: flow.originalZone) }
}
