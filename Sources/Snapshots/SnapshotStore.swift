internal import GRDB
internal import KernelState

/// The open file of a writer, with what goes on from row to row. Used on the database's own queue alone.
final class SnapshotStore {
    private let database: Database
    private let flows: FlowInsertion
    private let rows: IPVSInsertion
    private let events: EventInsertion
    private var addresses = AddressBook()
    private var states: [IPVSState: Int] = [:]
    private var lastFlow: Int64 = 0
    private var lastRow: Int64 = 0
    private var lastEvent: Int64 = 0
    private var samples = 0
    /// The places of the current sample.
    private var places: [Int64] = []

    init(_ database: Database) throws {
        self.database = database
        flows = try FlowInsertion(database)
        rows = try IPVSInsertion(database)
        events = try EventInsertion(database)
    }

    // MARK: Small tables

    func beginSample() {
        samples += 1
        places = []
    }

    /// Adds a place of the current sample, and gives its number.
    func add(_ place: Place) throws -> Int64 {
        try insert(
            "places",
            [
                nil, samples, place.node, place.kernel, place.namespace.name, Int64(bitPattern: place.namespace.inode),
                Int64(bitPattern: place.takenAt),
            ], database)
        places.append(database.lastInsertedRowID)
        return database.lastInsertedRowID
    }

    func add(_ services: [VirtualService], place: Int64) throws {
        try ServiceRows.write(services, place: place, &addresses, database)
    }

    func add(_ facts: NodeFacts, place: Int64) throws {
        try FactRows.write(facts, place: place, &addresses, database)
    }

    func add(_ names: SavedNames) throws { try NameRows.write(names, &addresses, database) }

    func add(_ reading: Reading, place: Int64) throws { try ReadingRows.write(reading, place: place, database) }

    func note(_ name: String, _ value: String) throws {
        try database.execute(sql: "INSERT OR REPLACE INTO snapshot VALUES (?, ?)", arguments: [name, value])
    }

    // MARK: Entries

    var nextRows: (flow: Int64, ipvs: Int64) { (lastFlow + 1, lastRow + 1) }

    func add(_ batch: [Flow]) throws {
        for flow in batch {
            lastFlow += 1
            try flows.insert(flow, row: lastFlow, &addresses)
        }
    }

    func add(_ batch: [IPVSConnection]) throws {
        for row in batch {
            lastRow += 1
            try rows.insert(row, row: lastRow, &addresses, &states)
        }
    }

    /// - Parameter place: counted from 0 in the current sample.
    func add(_ batch: [FlowEvent], place: Int) throws {
        for event in batch {
            lastEvent += 1
            try events.insert(event, row: lastEvent, place: places[place], &addresses)
        }
    }

    /// Makes everything so far part of the file, which a kill cannot take away again.
    func commit() throws {
        try addresses.flush(database)
        try database.commit()
        try database.beginTransaction()
    }

    /// Ends the writing.
    func finish() throws {
        try addresses.flush(database)
        try database.commit()
    }
}
