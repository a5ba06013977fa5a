internal import Glibc

/// The two kernel tables that kstate reads.
public enum KernelTable: String, Sendable, CaseIterable {
    case conntrack
    case ipvs
}

/// How much of a table was seen: the answer to "can I trust that what is not listed is not there?"
public struct TableCoverage: Hashable, Sendable {
    /// False when the table could not be read at all; ``reason`` says why.
    public var available: Bool
    /// True when there is no such table, because its module is not loaded: nothing is missing then.
    public var isAbsent = false
    /// False when the table changed under the reader and the passes allowed did not settle it.
    public var complete: Bool
    /// Entries that the kernel handed out, duplicates left out.
    public var read: Int = 0
    /// Of those, the ones that the filters kept.
    public var matched: Int = 0
    /// Reads of the whole table that it took.
    public var passes: Int = 0
    /// True when the kernel filtered, so that ``read`` does not count the whole table.
    public var kernelFiltered: Bool = false
    /// Entries that could not be decoded.
    public var undecodable: Int = 0
    /// Why the table is not available or not complete, with the remedy.
    public var reason: String?
    /// Nanoseconds since 1970: up to then what was saved tells all of the table, and from its next sample on again; nil where nothing
    /// was lost between samples.
    public var wholeUntil: UInt64?

    public init(available: Bool, complete: Bool) {
        self.available = available
        self.complete = complete
    }

    /// Of a table that could not be read.
    ///
    /// - Parameter error: why; with `ENOENT` there is none.
    public static func unavailable(_ error: KernelStateError) -> TableCoverage {
        var coverage = TableCoverage(available: false, complete: false)
        coverage.isAbsent = error.code == ENOENT
        coverage.reason = error.description
        return coverage
    }
}
