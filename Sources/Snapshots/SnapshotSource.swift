internal import GRDB
public import KernelState

/// One place of a snapshot, read as a live namespace is.
public final class SnapshotSource: StateSource {
    /// Entries handed out at a time: as many as come in one datagram of a dump.
    static let portion = 128

    private let reader: SnapshotReader
    private let saved: SnapshotPlace

    init(_ reader: SnapshotReader, _ saved: SnapshotPlace) {
        self.reader = reader
        self.saved = saved
    }

    public var place: Place { saved.place }

    /// No kernel filters here: ``openConntrack(_:walks:selection:)`` leaves out what is not asked for.
    public var conntrackSize: ConntrackTableSize? { nil }

    public func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        let reading = try reading(list.subject)
        let addresses = reader.addresses
        return try SavedEntries(reading, reader.database) { database, range in
            var rows = try FlowRows(database, range: range, selection: selection, addresses: addresses)
            return { try rows.next() }
        }
    }

    /// Hands out what conntrack told of this place after its sample, up to a moment.
    func forEachEvent(
        until moment: UInt64, selection: PortSelection?, _ body: (FlowEvent) -> Void
    ) throws(KernelStateError) {
        try reader.database.perform { database in
            try EventRows.forEach(place: saved.number, until: moment, selection: selection, reader.addresses, database, body)
        }
    }

    public func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        let addresses = reader.addresses
        return try SavedEntries(try reading(.ipvs), reader.database) { database, range in
            var rows = try IPVSRows(database, range: range, addresses: addresses)
            return { try rows.next() }
        }
    }

    public func services() throws(KernelStateError) -> [VirtualService] {
        if let error = try reading(.services).error { throw error }
        return try reader.database.perform { try ServiceRows.read(place: saved.number, reader.addresses, $0) }
    }

    public func facts() -> NodeFacts {
        do throws(KernelStateError) {
            return try reader.database.perform { try FactRows.read(place: saved.number, reader.addresses, $0) }
        } catch {
            var facts = NodeFacts()
            facts.problems = [error]
            return facts
        }
    }

    public func savedNames() throws(KernelStateError) -> SavedNames? { try reader.names() }

    private func reading(_ subject: Reading.Subject) throws(KernelStateError) -> Reading {
        guard let reading = saved.readings[subject] else {
            throw KernelStateError(operation: "reading \(reader.path)", cause: "nobody saved \(subject.rawValue) there", remedy: "take a snapshot")
        }
        return reading
    }
}

extension ConntrackList {
    var subject: Reading.Subject {
        switch self {
        case .confirmed: .conntrack
        case .dying: .dying
        case .unconfirmed: .unconfirmed
        }
    }
}

/// The rows of one reading, portion by portion, with what the reading saw and how it ended.
private final class SavedEntries<Entry>: EntrySource {
    let coverage: TableCoverage
    private let database: SnapshotDatabase
    private let error: KernelStateError?
    private let rows: QueueConfined<() throws -> Entry?>
    private var ended = false

    /// - Throws: why there was nothing to read when the snapshot was taken.
    init(
        _ reading: Reading, _ database: SnapshotDatabase, open: (Database, ClosedRange<Int64>) throws -> () throws -> Entry?
    ) throws(KernelStateError) {
        if let error = reading.error, reading.range == nil { throw error }
        coverage = reading.coverage
        error = reading.error
        self.database = database
        rows = try database.perform { database in
            QueueConfined(try reading.range.map { try open(database, $0) } ?? { nil })
        }
    }

    deinit { try? database.perform { _ in rows.release() } }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        guard !ended else { return false }
        ended = try database.perform { _ in
            for _ in 0..<SnapshotSource.portion {
                guard let entry = try rows.value() else { return true }
                if wanted(entry) { body(entry) }
            }
            return false
        }
        if ended, let error { throw error }
        return !ended
    }
}
