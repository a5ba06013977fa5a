public import KernelState
internal import Netlink

/// Reads the IPVS connections of one namespace from /proc, a page a read, and knows at the end how much was seen.
///
/// Before Linux 6.14 every read walks the table again from its start, so fewer reads are everything, and rows shift when
/// earlier ones come or go between two reads: one that ends hides another, at the edge of a page. So a table of several pages is read
/// once where nothing says that it has changed meanwhile. Where something has, a further pass, whose pages overlap, adds what the first
/// one missed, up to ``maximumPasses``. What the services count is compared with what was read.
public final class IPVSConnectionTable: EntrySource {
    public static let maximumPasses = 4

    private var pages: OverlappingPages
    private let gauge: IPVSGauge
    private var seen: FingerprintSet
    private var before = IPVSGauge.Reading(connections: 0, made: 0)
    /// Rows that may be among those that the services count.
    private var countable: UInt64 = 0
    private var started = false
    private var ended = false

    /// What was seen so far; final once ``next(where:_:)`` gave false.
    public private(set) var coverage = TableCoverage(available: true, complete: false)

    /// Opens the table of the namespace that the calling thread is in: ip_vs_conn_sync, which says whether this node or a sync
    /// message made an entry, where a synchronisation daemon runs, or nobody may know whether one does. Elsewhere nothing but this
    /// node makes entries, and the other file is a tenth shorter.
    ///
    /// - Throws: an error with the remedy when ip_vs is not loaded: looking loads no module.
    public convenience init() throws(KernelStateError) {
        let gauge = IPVSGauge(services: try IPVSAvailability.openServices(), statistics: IPVSAvailability.openStatistics())
        let hasDaemon = (try? IPVSInformation.daemons().isEmpty == false) ?? true
        let path = "/proc/thread-self/net/" + (hasDaemon ? "ip_vs_conn_sync" : "ip_vs_conn")
        self.init(OverlappingPages(try KernelFile(path: path), try KernelFile(path: path)), countedBy: gauge)
    }

    /// Reads what stands in `pages`, and compares it with what `gauge` counts.
    init(_ pages: consuming OverlappingPages, countedBy gauge: consuming IPVSGauge) {
        self.pages = pages
        self.gauge = gauge
        seen = FingerprintSet(expected: 0)
    }

    /// Reads a portion and hands each row that is `wanted`, and was not handed out before, to `body`.
    ///
    /// - Returns: false once the table has been read.
    public func next(
        where wanted: (borrowing IPVSConnection) -> Bool, _ body: (borrowing IPVSConnection) -> Void
    ) throws(KernelStateError) -> Bool {
        guard !ended else { return false }
        if !started { beginPass() }
        var (fresh, templates) = (0, 0)
        var seen = FingerprintSet(expected: 0)  // swapped, not copied: the closure cannot reach into self
        swap(&seen, &self.seen)
        defer { swap(&seen, &self.seen) }
        let isMore = try pages.next { row in
            guard seen.insert(row.fingerprint.value) else { return }
            fresh += 1
            if row.isTemplate { templates += 1 }
            if wanted(row) { body(row) }
        }
        coverage.read += fresh
        countable += UInt64(fresh - templates)
        if !isMore { finishPass() }
        return !ended
    }

    private func beginPass() {
        started = true
        coverage.passes += 1
        before = gauge.read()
        // At its final size from the start: growing copies it again and again.
        if coverage.passes == 1 { seen = FingerprintSet(expected: max(1_024, Int(clamping: before.connections))) }
        pages.begin(overlapping: coverage.passes > 1)
    }

    private func finishPass() {
        started = false
        let after = gauge.read()
        coverage.undecodable = max(coverage.undecodable, pages.undecodable)
        let found = countable + UInt64(coverage.undecodable)
        let counted = min(before.connections, after.connections)
        if found + Self.slack(counted) < counted {
            coverage.reason = "\(found) connections were read where the services count \(counted)"
        } else if coverage.passes == Self.maximumPasses, pages.haveGap {
            coverage.reason = "connections ended faster than the table could be read"
        } else {
            coverage.reason = nil
        }
        coverage.complete = coverage.reason == nil
        ended = coverage.complete && !mayHaveMissed(found, after) || coverage.passes == Self.maximumPasses
    }

    private func mayHaveMissed(_ found: UInt64, _ after: IPVSGauge.Reading) -> Bool {
        if coverage.passes > 1 { return pages.haveGap }
        // Not all that stood there at the beginning were met: some have ended, or were hidden by others that have.
        if found < before.connections { return true }
        // Nor may all have been met where some have come: as many may have ended. Of those beyond the count nobody knows which have.
        return pages.areSeveral && (after != before || found > before.connections)
    }

    /// Connections that came and went between the two countings.
    private static func slack(_ counted: UInt64) -> UInt64 { 16 + counted / 100 }
}
