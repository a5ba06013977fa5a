internal import GRDB
internal import Glibc
public import KernelState

/// One reading of one subject at one place: when, how long, how much of it was seen, and why it was not.
public struct Reading: Hashable, Sendable {
    public enum Subject: String, Sendable, CaseIterable {
        case conntrack, dying, unconfirmed, ipvs, services, facts
    }

    public var subject: Subject
    /// Nanoseconds since 1970.
    public var startedAt: UInt64
    /// Nanoseconds.
    public var duration: UInt64 = 0
    public var coverage: TableCoverage
    /// Why the reading failed or ended early.
    public var error: KernelStateError?
    /// The first of its rows in the table of its entries.
    var firstRow: Int64 = 1
    var lastRow: Int64 = 0

    init(_ subject: Subject, startedAt: UInt64) {
        self.subject = subject
        self.startedAt = startedAt
        coverage = TableCoverage(available: true, complete: true)
    }

    var range: ClosedRange<Int64>? { firstRow <= lastRow ? firstRow...lastRow : nil }
}

/// Readings in their table and back.
enum ReadingRows {
    static func write(_ reading: Reading, place: Int64, _ database: Database) throws {
        let coverage = reading.coverage
        try insert(
            "readings",
            [
                nil, place, reading.subject.rawValue, Int64(bitPattern: reading.startedAt), Int64(bitPattern: reading.duration),
                coverage.available, coverage.complete, coverage.read, coverage.passes, coverage.undecodable, coverage.reason,
                reading.firstRow, reading.lastRow, reading.error?.operation, reading.error?.cause, reading.error?.remedy,
                reading.error.map { Int($0.code) },
            ], database)
    }

    /// Those of all places, by the places' numbers.
    static func read(_ database: Database) throws -> [Int64: [Reading.Subject: Reading]] {
        var readings: [Int64: [Reading.Subject: Reading]] = [:]
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM readings ORDER BY reading")
        while let row = try rows.next() {
            guard let subject = Reading.Subject(rawValue: try row.text("subject") ?? "") else { continue }  // of a later version
            readings[try row.number("place"), default: [:]][subject] = try reading(subject, row)
        }
        return readings
    }

    private static func reading(_ subject: Reading.Subject, _ row: Row) throws -> Reading {
        var reading = Reading(subject, startedAt: try row.time("started_at"))
        reading.duration = try row.time("duration")
        reading.coverage = TableCoverage(
            available: try row.integer("available") == 1, complete: try row.integer("complete") == 1)
        reading.coverage.read = try row.count("entries")
        reading.coverage.passes = try row.count("passes")
        reading.coverage.undecodable = try row.count("undecodable")
        reading.coverage.reason = try row.text("reason")
        reading.firstRow = try row.number("first_row")
        reading.lastRow = try row.number("last_row")
        if let operation = try row.text("error_operation") {
            reading.error = KernelStateError(
                operation: operation, cause: try row.text("error_cause") ?? "", remedy: try row.text("error_remedy") ?? "",
                code: try row.number("error_code"))
            reading.coverage.isAbsent = reading.error?.code == ENOENT
        }
        return reading
    }
}
