internal import CLinux
internal import Glibc
public import KernelState
internal import Netlink

/// Reads the conntrack table of one namespace, datagram by datagram, and knows at the end how much of it was seen.
///
/// The kernel never says that a dump was torn. So buckets and entries are compared before and after; where they tell of a
/// change that can have lost entries, a further pass adds what the last one missed, up to ``maximumPasses``. A table of few entries is
/// read without a dump, by ``SparseTable``.
public final class ConntrackTable: EntrySource {
    public static let maximumPasses = 3

    private(set) var socket: NetlinkSocket
    private let gauge: TableGauge
    private let list: ConntrackList
    /// How the table can be read where it has few entries.
    private let sparse: SparseTable?
    private var walks: [KernelWalk?]
    private var walkIndex = 0
    private var dump: NetlinkDump?
    private var before = TableGauge.Reading(entries: 0, buckets: 0)
    private var decoder: FlowDecoder
    private var given: FingerprintSet
    private var readInPass = 0
    /// What earlier passes could not decode: the same again in each.
    private var undecodableBefore = 0
    private var kernelIgnoresFilter = false
    /// The families that this pass has walked; nil stands for both.
    private var familiesRead: Set<AddressFamily?> = []
    private var interrupted = false
    private var resizedTo: UInt64?
    private var ended = false

    /// What was seen so far; final once ``next(where:_:)`` gave false.
    public private(set) var coverage = TableCoverage(available: true, complete: false)

    /// Prepares to read the table of the namespace that the calling thread is in.
    ///
    /// - Parameters:
    ///   - walks: what the kernel is asked to filter; nil reads the whole table.
    ///   - ports: where there are any, an entry without one of them in either tuple is passed over half decoded.
    ///   - list: which of the kernel's lists.
    public init(_ list: ConntrackList = .confirmed, walks: [KernelWalk]? = nil, ports: [UInt16] = []) throws(KernelStateError) {
        let gauge = try TableGauge()
        let socket = try NetlinkSocket(protocol: NETLINK_NETFILTER)
        self.gauge = gauge
        self.socket = socket
        self.list = list
        self.sparse = list == .confirmed && walks == nil ? SparseTable() : nil
        self.walks = walks.map { $0.map(Optional.some) } ?? [nil]
        self.given = FingerprintSet(expected: 1_024)
        // What a walk hands out is decoded whole, to see whether the kernel did filter.
        self.decoder = FlowDecoder(ports: walks == nil ? ports : [])
        coverage.kernelFiltered = walks != nil
    }

    /// Receives one datagram and hands each entry that is `wanted`, and was not handed out before, to `body`.
    ///
    /// Only wanted entries are remembered (by fingerprint), so that memory grows with what is asked for and not with the table.
    ///
    /// - Returns: false once the table has been read.
    public func next(
        where wanted: (borrowing Flow) -> Bool, _ body: (borrowing Flow) -> Void
    ) throws(KernelStateError) -> Bool {
        guard !ended else { return false }
        if dump == nil, walkIndex == 0 {
            beginPass()
            if readSparsely(where: wanted, body) { return !ended }
        }
        var current = try takeDump()
        let walk = walks[walkIndex]
        var decoder = self.decoder
        var given = FingerprintSet(expected: 0)  // swapped, not copied: the closure cannot reach into self
        swap(&given, &self.given)
        var flow = Flow.blank
        var read = 0
        var ignored = false
        let progress: AnswerProgress
        do throws(KernelStateError) {
            progress = try current.next(on: socket) { message in
                let outcome = decoder.decode(message.payload, into: &flow)
                guard outcome != .undecodable else { return }
                read += 1
                guard outcome == .entry else { return }
                if let walk, !walk.admits(flow) { ignored = true }
                guard wanted(flow), given.insert(flow.fingerprint.value) else { return }
                body(flow)
            }
        } catch {
            throw explained(error)
        }
        self.decoder = decoder
        self.given = given
        readInPass += read
        noticeResize()
        if ignored { kernelIgnoresFilter = true }
        switch progress {
        case .more: dump = .some(current)
        case .interrupted:
            interrupted = true
            finishWalk()
        case .finished: finishWalk()
        }
        return !ended
    }

    private func beginPass() {
        familiesRead = []
        before = gauge.read()
        readInPass = 0
        undecodableBefore = decoder.undecodable
        coverage.passes += 1
    }

    /// Reads a table of few entries at once; false where it is left to a dump.
    private func readSparsely(where wanted: (borrowing Flow) -> Bool, _ body: (borrowing Flow) -> Void) -> Bool {
        guard before.entries <= SparseTable.mostEntries, let entries = sparse?.entries(on: &socket, gauge: gauge) else { return false }
        for flow in entries where wanted(flow) && given.insert(flow.fingerprint.value) { body(flow) }
        readInPass = entries.count
        noticeResize()
        finishWalk()
        return true
    }

    private func takeDump() throws(KernelStateError) -> NetlinkDump {
        if let current = dump.take() { return current }
        let request = try ConntrackRequests.dump(list.message, walk: walks[walkIndex])
        return try socket.dump(request, operation: "reading the conntrack table")
    }

    /// A table that is shrunk and grown again within a pass has lost entries, while its buckets before and after are equal and
    /// its duplicates make up the count: so the buckets are looked at after every datagram.
    private func noticeResize() {
        let buckets = gauge.bucketCount()
        if buckets != before.buckets { resizedTo = buckets }
    }

    private func finishWalk() {
        familiesRead.insert(walks[walkIndex]?.family)
        walkIndex += 1
        // A kernel that ignores the filter heeds the family all the same, and hands out all of it: another walk over that family would
        // do the same again.
        while kernelIgnoresFilter, walkIndex < walks.count, isRead(walks[walkIndex]?.family) { walkIndex += 1 }
        guard walkIndex == walks.count else { return }
        walkIndex = 0
        finishPass()
    }

    private func isRead(_ family: AddressFamily?) -> Bool { familiesRead.contains(family) || familiesRead.contains(nil) }

    private func finishPass() {
        let after = gauge.read()
        coverage.read = max(coverage.read, readInPass)
        coverage.undecodable = max(coverage.undecodable, decoder.undecodable - undecodableBefore)
        if kernelIgnoresFilter { coverage.kernelFiltered = false }
        let trouble = troubleOfPass(after)
        coverage.complete = trouble == nil
        coverage.reason = trouble
        interrupted = false
        resizedTo = nil
        ended = coverage.complete || coverage.passes == Self.maximumPasses
    }

    /// Why entries can be missing from the pass that has just ended; nil when nothing says so.
    private func troubleOfPass(_ after: TableGauge.Reading) -> String? {
        if interrupted { return "the kernel interrupted the dump" }
        if let buckets = resizedTo ?? (before.buckets != after.buckets ? after.buckets : nil) {
            return "the table was resized while it was read, from \(before.buckets) to \(buckets) buckets"
        }
        // The kernel counts both families, and what it filtered it does not count.
        guard list == .confirmed, familiesRead.contains(nil), !coverage.kernelFiltered || kernelIgnoresFilter else { return nil }
        let counted = min(before.entries, after.entries)
        if UInt64(readInPass) + Self.slack(counted) < counted {
            return "\(readInPass) entries were read where the kernel counts \(counted)"
        }
        return nil
    }

    /// The kernel's count includes entries that no dump shows: not yet confirmed ones, and expired ones not yet collected.
    private static func slack(_ entries: UInt64) -> UInt64 { 64 + entries / 50 }

    private func explained(_ error: KernelStateError) -> KernelStateError {
        guard error.code == EPERM else { return error }
        return KernelStateError(
            operation: "reading the conntrack table", errno: EPERM, remedy: "run as root or with CAP_NET_ADMIN")
    }
}

extension ConntrackList {
    var message: cntl_msg_types {
        switch self {
        case .confirmed: IPCTNL_MSG_CT_GET
        case .dying: IPCTNL_MSG_CT_GET_DYING
        case .unconfirmed: IPCTNL_MSG_CT_GET_UNCONFIRMED
        }
    }
}
