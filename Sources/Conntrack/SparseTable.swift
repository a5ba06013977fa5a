internal import KernelState
internal import Netlink

/// Reads a table of few entries without a dump: /proc/net/nf_conntrack names them, and ctnetlink tells each by its tuple.
///
/// The hash is shared by all namespaces, and a pod's three entries lie in as many buckets as the node's million. A dump takes a lock
/// for each bucket, 16 ms for 262,144 empty ones; the proc file passes over them under RCU in 1.5 ms (Linux 6.18), and disables no
/// softirq meanwhile. The file is there with `CONFIG_NF_CONNTRACK_PROCFS`, and is root's alone.
///
/// The file alone may lack entries. Its reader removes what has expired (`ct_seq_show`), and a page's reading finds its place by
/// counting again from the start of the table, since Linux 6.18 from that of the bucket: what moved up meanwhile is passed over. So the
/// kernel's count is asked between the file and the lookups. Where each of the entries that the file named is still found after it, and
/// they are as many, there was no other.
public struct SparseTable: ~Copyable {
    /// Up to so many entries the file is quicker on every kernel: older ones walk the hash anew for each page of some twenty lines.
    static let mostEntries: UInt64 = 128
    /// A table of more bytes has grown since it was counted.
    private static let mostBytes = 65_536
    /// The first reading removes what has expired, so that the second passes over nothing where no packet comes.
    private static let mostReadings = 2

    private let file: KernelFile

    /// True when the namespace that the calling thread is in has so few entries that its table is read in this way.
    public static var isExpected: Bool {
        KernelFile.number(at: "\(TableGauge.sysctls)/nf_conntrack_count").map { $0 <= mostEntries } ?? false
    }

    /// Opens the file of the namespace that the calling thread is in; nil where there is none, or it may not be read.
    init?() {
        guard let file = try? KernelFile(path: "/proc/thread-self/net/nf_conntrack") else { return nil }
        self.file = file
    }

    /// The entries as they are now; nil where file, count and ctnetlink do not agree on what there is, which leaves it to a dump: an
    /// entry that has come or gone since, or waits for its confirmation, a table that has grown, a line that cannot be read, a request
    /// that is refused.
    func entries(on socket: inout NetlinkSocket, gauge: borrowing TableGauge) -> [Flow]? {
        for _ in 0..<Self.mostReadings {
            guard let named = namedEntries() else { return nil }
            if Self.areAll(named, of: gauge.read().entries) { return told(named, on: &socket) }
        }
        return nil
    }

    /// Whether the lines name so many entries. One that moved down while the file was read stands there twice.
    static func areAll(_ named: [Flow], of count: UInt64) -> Bool {
        UInt64(named.count) == count && Set(named.map(\.fingerprint)).count == named.count
    }

    private func told(_ named: [Flow], on socket: inout NetlinkSocket) -> [Flow]? {
        var decoder = FlowDecoder()
        var entries: [Flow] = []
        entries.reserveCapacity(named.count)
        for flow in named {
            guard let entry = try? ConntrackLookup.entry(like: flow, on: &socket, decoder: &decoder) else { return nil }
            entries.append(entry)
        }
        return entries
    }

    /// The file's lines, of which the original tuple and the zone count.
    private func namedEntries() -> [Flow]? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.mostBytes, alignment: 1)
        defer { buffer.deallocate() }
        file.rewind()
        var filled = 0
        while filled < buffer.count {
            guard let count = try? file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])) else { return nil }
            if count == 0 { return Self.flows(in: UnsafeRawBufferPointer(rebasing: buffer[..<filled])) }
            filled += count
        }
        return nil
    }

    static func flows(in text: UnsafeRawBufferPointer) -> [Flow]? {
        var flows: [Flow] = []
        for line in text.split(separator: UInt8(ascii: "\n")) {
            var parser = FlowLineParser(UnsafeRawBufferPointer(rebasing: line), takenAt: 0)
            guard let flow = parser.flow() else { return nil }
            flows.append(flow)
        }
        return flows
    }
}
