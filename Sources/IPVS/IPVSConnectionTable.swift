public import KernelState
internal import Netlink

/// Reads the IPVS connections of one namespace from /proc, a page a read, and knows at the end how much was seen.
///
/// Before Linux 6.14 every read walks the table again from its start, so fewer reads are everything, and rows shift when
/// earlier ones come or go between two reads: one that ends hides another, at the edge of a page. What the services count is compared
/// with what was read; a further pass adds what the last one missed, up to ``maximumPasses``.
public final class IPVSConnectionTable: EntrySource {
    public static let maximumPasses = 3
    /// A read hands out a page at most, whatever the buffer.
    private static let bufferSize = 65_536

    private let file: KernelFile
    private let services: KernelFile
    private let buffer: UnsafeMutableRawBufferPointer
    private var parser = ConnectionTableParser()
    private var seen: FingerprintSet
    private var countedBefore: UInt64 = 0
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
        let services = try IPVSAvailability.openServices()
        let hasDaemon = (try? IPVSInformation.daemons().isEmpty == false) ?? true
        let file = try KernelFile(path: "/proc/thread-self/net/" + (hasDaemon ? "ip_vs_conn_sync" : "ip_vs_conn"))
        self.init(file, countedBy: services)
    }

    /// Reads what stands in `file`, and compares it with what `services`, an ip_vs of /proc, counts.
    init(_ file: consuming KernelFile, countedBy services: consuming KernelFile) {
        self.services = services
        self.file = file
        buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
        seen = FingerprintSet(expected: 0)
    }

    deinit { buffer.deallocate() }

    /// Reads a portion and hands each row that is `wanted`, and was not handed out before, to `body`.
    ///
    /// - Returns: false once the table has been read.
    public func next(
        where wanted: (borrowing IPVSConnection) -> Bool, _ body: (borrowing IPVSConnection) -> Void
    ) throws(KernelStateError) -> Bool {
        guard !ended else { return false }
        if !started { beginPass() }
        let count = try file.read(into: buffer)
        var (fresh, templates) = (0, 0)
        var seen = FingerprintSet(expected: 0)  // swapped, not copied: the closure cannot reach into self
        swap(&seen, &self.seen)
        let take: (IPVSConnection) -> Void = { row in
            guard seen.insert(row.fingerprint.value) else { return }
            fresh += 1
            if row.isTemplate { templates += 1 }
            if wanted(row) { body(row) }
        }
        if count > 0 {
            parser.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), take)
        } else {
            parser.finish(take)
        }
        swap(&seen, &self.seen)
        coverage.read += fresh
        countable += UInt64(fresh - templates)
        if count == 0 { finishPass() }
        return !ended
    }

    private func beginPass() {
        started = true
        coverage.passes += 1
        countedBefore = countedConnections()
        // At its final size from the start: growing copies it again and again.
        if coverage.passes == 1 { seen = FingerprintSet(expected: max(1_024, Int(clamping: countedBefore))) }
        file.rewind()
        parser = ConnectionTableParser()
    }

    private func finishPass() {
        started = false
        coverage.undecodable = max(coverage.undecodable, parser.undecodable)
        let found = countable + UInt64(coverage.undecodable)
        let counted = min(countedBefore, countedConnections())
        coverage.complete = found + Self.slack(counted) >= counted
        coverage.reason = coverage.complete ? nil : "\(found) connections were read where the services count \(counted)"
        // Not all that stood there at the beginning were met: some have ended, or were hidden by others that have.
        let mayHaveMissed = found < countedBefore
        let isSecondLook = coverage.passes > 1
        ended = coverage.complete && (isSecondLook || !mayHaveMissed) || coverage.passes == Self.maximumPasses
    }

    /// Active and inactive connections of all backends. Connections whose backend is gone, and templates, are not among them,
    /// so that a complete reading has as many rows or more.
    private func countedConnections() -> UInt64 {
        guard let bytes = try? services.contents() else { return 0 }
        return ServiceTableParser.services(in: bytes).reduce(0) { sum, service in
            service.backends.reduce(sum) { $0 + UInt64($1.activeConnections) + UInt64($1.inactiveConnections) }
        }
    }

    /// Connections that came and went between the two countings.
    private static func slack(_ counted: UInt64) -> UInt64 { 16 + counted / 100 }
}
