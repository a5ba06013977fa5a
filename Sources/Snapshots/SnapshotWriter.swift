internal import Dispatch
internal import GRDB
internal import Glibc
public import KernelState
internal import Synchronization

/// Writes what sources tell into a snapshot file, a sample of all of them at a time.
///
/// The kernel's entries are received on the caller's thread and written on the database's, so that the file costs a second
/// core rather than time.
public final class SnapshotWriter {
    private static let batchSize = 256
    /// Batches on their way between the two threads: 16 of about 70 KB.
    private static let batchesInFlight = 16

    /// Nil for a recording's segment, which has its name from the start.
    private let file: AtomicFile?
    private let database: SnapshotDatabase
    private let store: QueueConfined<SnapshotStore>
    private let room = DispatchSemaphore(value: SnapshotWriter.batchesInFlight)
    private let failure: WriteFailure
    private let compresses: Bool

    /// - Parameters:
    ///   - path: of the file, which appears or is replaced in ``finish()``, whole.
    ///   - program: name and version of who writes.
    ///   - compresses: whether the file is compressed in the end, for which both have to find room.
    public init(path: String, program: String, compresses: Bool = false) throws(KernelStateError) {
        if compresses { _ = try ZstdLibrary.opened() }
        self.compresses = compresses
        let file = try AtomicFile(path: path)
        self.file = file
        failure = WriteFailure(operation: "writing \(path)")
        database = try SnapshotDatabase(creating: file.partialPath, shownAs: path)
        store = try Self.begin(database, program)
    }

    /// Begins a segment of a recording: a file that has its name at once, and that is readable after every ``commit()``.
    init(segment path: String, program: String) throws(KernelStateError) {
        file = nil
        compresses = false
        failure = WriteFailure(operation: "writing \(path)")
        database = try SnapshotDatabase(recording: path)
        store = try Self.begin(database, program)
    }

    private static func begin(
        _ database: SnapshotDatabase, _ program: String
    ) throws(KernelStateError) -> QueueConfined<SnapshotStore> {
        try database.perform { database in
            // Whoever reads a recording's new segment sees all tables or none.
            try database.beginTransaction()
            try SnapshotSchema.create(in: database)
            let store = try SnapshotStore(database)
            try store.note("program", program)
            return QueueConfined(store)
        }
    }

    /// Notes a property of the file as a whole.
    public func note(_ name: String, _ value: String) throws(KernelStateError) {
        try onStore { try $0.note(name, value) }
    }

    /// Keeps the cluster's names, once a file.
    public func add(_ names: SavedNames) throws(KernelStateError) {
        try onStore { try $0.add(names) }
    }

    /// Reads every source and adds what it tells as one sample.
    ///
    /// What a source cannot tell is kept as the reason why: only the file's own errors are thrown.
    ///
    /// - Returns: how the readings went, place by place.
    @discardableResult
    public func add(_ sources: [any StateSource]) throws(KernelStateError) -> [SavedPlace] {
        try onStore { $0.beginSample() }
        var saved: [SavedPlace] = []
        for source in sources {
            let place = source.place
            let number = try onStore { try $0.add(place) }
            var readings = [try addServices(source, number)]
            readings += try addTables(source, number)
            readings.append(try addFacts(source, number))
            saved.append(SavedPlace(place: place, readings: readings))
        }
        return saved
    }

    private func addTables(_ source: any StateSource, _ number: Int64) throws(KernelStateError) -> [Reading] {
        var readings = [
            try addEntries(.ipvs, number, next: { $0.nextRows.ipvs }, insert: { try $0.add($1) }) { () throws(KernelStateError) in
                try source.openIPVS()
            }
        ]
        for list in [ConntrackList.confirmed, .dying, .unconfirmed] {
            readings.append(
                try addEntries(list.subject, number, next: { $0.nextRows.flow }, insert: { try $0.add($1) }) { () throws(KernelStateError) in
                    try source.openConntrack(list, walks: nil)
                })
        }
        return readings
    }

    /// Adds what conntrack told since the last sample.
    ///
    /// - Parameter place: which of that sample's sources told it.
    func add(_ events: [FlowEvent], place: Int) throws(KernelStateError) {
        try onStore { try $0.add(events, place: place) }
    }

    /// Makes the samples so far part of the file on the disk.
    public func commit() throws(KernelStateError) { try onStore { try $0.commit() } }

    /// Gives the file its name. Nothing can be added any more.
    public func finish() throws(KernelStateError) {
        let isSealed = file != nil
        try onStore { store in
            // Only a file that comes to its end has one.
            if isSealed { try store.note("checksum", "at the end of the file") }
            try store.finish()
        }
        try database.close(releasing: store)
        guard let file else { return }
        try file.seal()
        if compresses { try file.compress() }
        try file.commit()
    }

    deinit {
        // A file that was not finished leaves nothing behind.
        try? database.close(releasing: store)
    }

    // MARK: Subjects

    private func addServices(_ source: any StateSource, _ place: Int64) throws(KernelStateError) -> Reading {
        var reading = Stopwatch(.services)
        var services: [VirtualService] = []
        do throws(KernelStateError) {
            services = try source.services()
            reading.coverage.read = services.count
            reading.coverage.passes = 1
        } catch {
            reading.fail(error)
        }
        let (read, finished) = (services, reading.finished())
        try onStore { store in
            try store.add(read, place: place)
            try store.add(finished, place: place)
        }
        return finished
    }

    private func addFacts(_ source: any StateSource, _ place: Int64) throws(KernelStateError) -> Reading {
        var reading = Stopwatch(.facts)
        let facts = source.facts()
        // What the node does not have is not missing.
        let problems = facts.problems.filter { $0.code != ENOENT }
        reading.coverage.complete = problems.isEmpty
        if let first = problems.first {
            reading.coverage.reason = first.description + (problems.count > 1 ? ", and \(problems.count - 1) more" : "")
        }
        let finished = reading.finished()
        try onStore { store in
            try store.add(facts, place: place)
            try store.add(finished, place: place)
        }
        return finished
    }

    private func addEntries<Entry: Sendable>(
        _ subject: Reading.Subject, _ place: Int64, next: @escaping @Sendable (SnapshotStore) -> Int64,
        insert: @escaping @Sendable (SnapshotStore, [Entry]) throws -> Void,
        open: () throws(KernelStateError) -> any EntrySource<Entry>
    ) throws(KernelStateError) -> Reading {
        var reading = Stopwatch(subject)
        let first = try onStore(next)
        do throws(KernelStateError) {
            let entries = try open()
            do throws(KernelStateError) {
                try copy(entries, insert)
            } catch {
                reading.error = error
            }
            reading.coverage = entries.coverage
        } catch {
            reading.fail(error)
        }
        let finished = reading.finished()
        try onStore { store in
            var reading = finished
            reading.firstRow = first
            reading.lastRow = next(store) - 1
            try store.add(reading, place: place)
        }
        return finished
    }

    private func copy<Entry: Sendable>(
        _ entries: any EntrySource<Entry>, _ insert: @escaping @Sendable (SnapshotStore, [Entry]) throws -> Void
    ) throws(KernelStateError) {
        var batch: [Entry] = []
        batch.reserveCapacity(Self.batchSize * 2)
        var more = true
        while more, failure.error == nil {
            do throws(KernelStateError) {
                more = try entries.next(where: { _ in true }) { batch.append(copy $0) }
            } catch {
                send(batch, insert)
                throw error
            }
            guard batch.count >= Self.batchSize || !more else { continue }
            send(batch, insert)
            batch = []
            batch.reserveCapacity(Self.batchSize * 2)
        }
    }

    // MARK: The database's thread

    /// Hands a batch over, waiting while too many are on their way.
    private func send<Entry: Sendable>(_ batch: [Entry], _ insert: @escaping @Sendable (SnapshotStore, [Entry]) throws -> Void) {
        room.wait()
        database.performLater { [store, room, failure] in
            defer { room.signal() }
            guard failure.error == nil else { return }
            do {
                try insert(store.value, batch)
            } catch {
                failure.note(error)
            }
        }
    }

    /// Runs after every batch that was handed over before.
    private func onStore<Value>(_ body: (SnapshotStore) throws -> Value) throws(KernelStateError) -> Value {
        try database.perform { _ in
            if let error = failure.error { throw error }
            return try body(store.value)
        }
    }
}

/// How the readings of one place went.
public struct SavedPlace: Sendable {
    public var place: Place
    public var readings: [Reading]
}

/// The first thing that went wrong on the database's thread.
private final class WriteFailure: Sendable {
    private let first = Mutex<KernelStateError?>(nil)
    private let operation: String

    init(operation: String) { self.operation = operation }

    var error: KernelStateError? { first.withLock { $0 } }

    func note(_ error: any Error) {
        first.withLock { $0 = $0 ?? KernelStateError(error, operation: operation) }
    }
}

/// A reading while it lasts.
private struct Stopwatch {
    private var reading: Reading
    private let start: Double
    var coverage: TableCoverage {
        get { reading.coverage }
        set { reading.coverage = newValue }
    }
    var error: KernelStateError? {
        get { reading.error }
        set { reading.error = newValue }
    }

    init(_ subject: Reading.Subject) {
        reading = Reading(subject, startedAt: Host.now)
        start = Host.uptime
    }

    mutating func fail(_ error: KernelStateError) {
        reading.error = error
        reading.coverage = .unavailable(error)
    }

    func finished() -> Reading {
        var reading = reading
        reading.duration = UInt64((Host.uptime - start) * 1e9)
        return reading
    }
}
