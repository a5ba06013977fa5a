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
            return StatisticsTableParser.statistics(in: try file.contents())
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
