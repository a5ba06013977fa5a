internal import CLinux
internal import Glibc
public import KernelState
internal import Netlink

/// Reads conntrack's counters of the calling thread's namespace, an element a CPU.
public enum StatisticsReader {
    /// Asks ctnetlink (`IPCTNL_MSG_CT_GET_STATS_CPU`, Linux 3.8); reads /proc/net/stat, which anybody may, where that is refused,
    /// or would load a module.
    ///
    /// - Throws: an error with the remedy, and `ENOENT`, when nf_conntrack is not loaded.
    public static func read() throws(KernelStateError) -> [ConntrackStatistics] {
        do throws(KernelStateError) {
            _ = try TableGauge()
            return try ask()
        } catch {
            guard let file = try? KernelFile(path: "/proc/thread-self/net/stat/nf_conntrack") else { throw error }
            return statistics(in: try file.contents())
        }
    }

    /// What /proc/net/stat/nf_conntrack tells; a line of another form than its heading's is left out.
    static func statistics(in bytes: [UInt8]) -> [ConntrackStatistics] {
        bytes.withUnsafeBytes { bytes in
            let lines = bytes.split(separator: UInt8(ascii: "\n")).map { UnsafeRawBufferPointer(rebasing: $0) }
            guard let heading = lines.first, let columns = StatisticsColumns(heading: heading) else { return [] }
            return lines.dropFirst().enumerated().compactMap { columns.statistics($1, cpu: $0) }
        }
    }

    private static func ask() throws(KernelStateError) -> [ConntrackStatistics] {
        var socket = try NetlinkSocket(protocol: NETLINK_NETFILTER)
        var dump = try socket.dump(
            ConntrackRequests.dump(IPCTNL_MSG_CT_GET_STATS_CPU, walk: nil), operation: "reading conntrack's statistics")
        var statistics: [ConntrackStatistics] = []
        while true {
            let progress = try dump.next(on: socket) { message in
                if let decoded = StatisticsDecoder.decode(message.payload) { statistics.append(decoded) }
            }
            if progress != .more { return statistics }
        }
    }
}
