internal import GRDB
internal import KernelState

/// The numbers of `event_kinds`.
enum EventKind: UInt8, CaseIterable {
    case new = 0
    case update = 1
    case destroy = 2
    /// Events that the kernel dropped; the row has no entry.
    case lost = 3

    init(_ kind: FlowEventKind) {
        switch kind {
        case .new: self = .new
        case .update: self = .update
        case .destroy: self = .destroy
        }
    }

    /// Nil for ``lost``, which tells of no entry.
    fileprivate var ofEntry: FlowEventKind? { FlowEventKind(rawValue: rawValue) }

    var name: String { "\(self)" }
}

/// Writes conntrack's events, a row each and their entries beside.
struct EventInsertion: ~Copyable {
    private let event: HotStatement
    private let flows: FlowInsertion

    init(_ database: Database) throws {
        let event = try HotStatement(database, "INSERT INTO events VALUES (?, ?, ?, ?, ?)")
        flows = try FlowInsertion(database, into: .events)
        self.event = event
    }

    func insert(_ told: FlowEvent, row: Int64, place: Int64, _ addresses: inout AddressBook) throws {
        event.bind(1, row)
        event.bind(2, place)
        event.bind(3, told.at)
        switch told.content {
        case .entry(let kind, let flow):
            event.bind(4, EventKind(kind).rawValue)
            event.bind(5, Int64?.none)
            try event.run()
            try flows.insert(flow, row: row, &addresses)
        case .lost(let count):
            event.bind(4, EventKind.lost.rawValue)
            event.bind(5, count)
            try event.run()
        }
    }
}

/// Reads events back.
enum EventRows {
    /// False in a file of before there were events.
    static func exist(in database: Database) throws -> Bool { try database.tableExists("events") }

    /// When the last event was taken; nil without any.
    static func lastTime(in database: Database) throws -> UInt64? {
        guard try exist(in: database) else { return nil }
        return try Row.fetchOne(database, sql: "SELECT at FROM events ORDER BY event DESC LIMIT 1")?.time("at")
    }

    static func count(in database: Database) throws -> (count: Int, lost: Int) {
        guard try exist(in: database), let row = try Row.fetchOne(database, sql: "SELECT count(*) AS events, sum(lost) AS lost FROM events")
        else { return (0, 0) }
        return (try row.number("events"), try row.number("lost"))
    }

    /// Hands out what was told of a place up to a moment, in the kernel's order.
    ///
    /// - Parameter selection: leaves out entries that have none of its ports and destinations.
    static func forEach(
        place: Int64, until moment: UInt64, selection: PortSelection?, _ addresses: AddressTable, _ database: Database,
        _ body: (FlowEvent) -> Void
    ) throws {
        guard try exist(in: database) else { return }
        let events = try HotStatement(
            database, "SELECT event, at, kind, lost FROM events WHERE place = \(place) AND at <= \(Int64(clamping: moment)) ORDER BY event")
        guard try events.next() else { return }
        var flows = try FlowRows(
            database, from: .events, range: events.int64(0)...Int64.max, selection: selection, addresses: addresses)
        var flow = try flows.next()
        repeat {
            let (row, at) = (events.int64(0), try events.number(1, as: UInt64.self))
            guard let kind = EventKind(rawValue: try events.number(2)) else { continue }  // of a later version
            guard let ofEntry = kind.ofEntry else {
                body(FlowEvent(at: at, .lost(UInt64(bitPattern: events.int64(3)))))
                continue
            }
            while flow != nil, flows.row < row { flow = try flows.next() }
            if let flow, flows.row == row { body(FlowEvent(at: at, .entry(ofEntry, flow))) }
        } while try events.next()
    }
}
