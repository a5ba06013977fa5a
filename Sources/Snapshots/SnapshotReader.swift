internal import GRDB
public import KernelState

/// A snapshot file, open for reading.
public final class SnapshotReader {
    public let path: String
    public let samples: [SnapshotSample]
    /// What the file says of itself: `program`, `redacted` and so on.
    public let notes: [String: String]
    /// True for a file that `--compress` has written.
    public let isCompressed: Bool
    /// Whether every byte is what was written; nil where the file has no checksum, or it was not asked for.
    public let isIntact: Bool?
    /// Nanoseconds since 1970: of the last thing that the file tells.
    public let end: UInt64
    let database: SnapshotDatabase
    let addresses: AddressTable
    /// What ``names()`` has found; the outer nil until it was asked.
    private var readNames: SavedNames??

    /// - Parameters:
    ///   - path: of the file itself.
    ///   - name: what the user calls it, where that differs.
    ///   - verifies: whether every byte is looked at, so that a damaged file is an error.
    public init(path: String, shownAs name: String? = nil, verifies: Bool = true) throws(KernelStateError) {
        self.path = name ?? path
        let operation = "reading \(name ?? path)"
        let file = try PlainFile(path: path, operation)
        isCompressed = file.isCompressed
        let outcome = verifies ? try file.check() : .absent
        isIntact = outcome == .right ? true : nil
        database = try SnapshotDatabase(reading: file, shownAs: name ?? path)
        let lastEvent: UInt64?
        (samples, notes, addresses, lastEvent) = try database.perform { database in
            (
                try SnapshotSample.all(in: database), try Self.notes(database), try AddressBook.read(database),
                try EventRows.lastTime(in: database)
            )
        }
        end = max(samples.last?.takenAt ?? 0, lastEvent ?? 0)
        if verifies, outcome == .absent, notes["checksum"] != nil {
            throw KernelStateError(operation: operation, cause: "the file is cut short: its checksum is missing", remedy: "copy it again")
        }
    }

    /// Names the note that the segments have in common which one recorder wrote without a break.
    static let runNote = "run"

    /// Names the note with which a recorder ends that was not killed.
    static let endNote = "ended"

    /// True of the last segment of a recorder that has ended, and was not killed.
    var hasEnded: Bool { notes[Self.endNote] != nil }

    /// Nanoseconds since 1970: until then a recorder's segment lacks nothing, though its last event or sample may be older.
    var wholeUntil: UInt64 { max(end, notes[Self.endNote].flatMap { RecordingFolder.time(of: $0.utf8) } ?? 0) }

    /// Which recorder's run the segment is of; nil in what is no recording, and in one of before this was noted.
    var run: String? { notes[Self.runNote] }

    /// Conntrack's events that a recorder kept between the samples, and those that the kernel dropped.
    public func events() throws(KernelStateError) -> (count: Int, lost: Int) { try database.perform { try EventRows.count(in: $0) } }

    private static func notes(_ database: Database) throws -> [String: String] {
        var notes: [String: String] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT name, value FROM snapshot") {
            if let name = try row.text("name") { notes[name] = try row.text("value") ?? "" }
        }
        return notes
    }

    /// The cluster's names; nil where none were saved.
    public func names() throws(KernelStateError) -> SavedNames? {
        if let readNames { return readNames }
        let names = try database.perform { try NameRows.read(addresses, $0) }
        readNames = .some(names)
        return names
    }

    /// Asks SQLite whether the file's structure is whole.
    ///
    /// - Throws: the first thing that is not.
    public func checkStructure() throws(KernelStateError) {
        try database.perform { database in
            let answer = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? ""
            if answer != "ok" { throw DatabaseError.damaged(answer) }
        }
    }

    /// What every command reads: the places of one sample.
    public func sources(of sample: SnapshotSample) -> [SnapshotSource] {
        sample.places.map { SnapshotSource(self, $0) }
    }
}

/// The places that were read together.
public struct SnapshotSample: Sendable {
    public var number: Int
    public var places: [SnapshotPlace]

    /// Nanoseconds since 1970 of the first place's reading.
    public var takenAt: UInt64 { places.map(\.place.takenAt).min() ?? 0 }

    static func all(in database: Database) throws -> [SnapshotSample] {
        var samples: [SnapshotSample] = []
        let readings = try ReadingRows.read(database)
        for row in try Row.fetchAll(database, sql: "SELECT * FROM places ORDER BY sample, place") {
            let number: Int64 = try row.number("place")
            let place = Place(
                node: try row.text("node") ?? "", kernel: try row.text("kernel") ?? "",
                namespace: NetworkNamespace(
                    name: try row.text("namespace") ?? "", inode: UInt64(bitPattern: try row.number("namespace_inode"))),
                takenAt: try row.time("taken_at"))
            let read = SnapshotPlace(number: number, place: place, readings: readings[number] ?? [:])
            let sample: Int = try row.number("sample")
            if samples.last?.number == sample {
                samples[samples.count - 1].places.append(read)
            } else {
                samples.append(SnapshotSample(number: sample, places: [read]))
            }
        }
        return samples
    }
}

/// One place of a sample, and how its readings went.
public struct SnapshotPlace: Sendable {
    let number: Int64
    public var place: Place
    public var readings: [Reading.Subject: Reading]
}
