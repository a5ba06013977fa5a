internal import Conntrack
internal import KernelState

/// Reads /proc/net/stat/nf_conntrack.
struct KernelStatisticsParser: LineParser {
    private(set) var statistics: [ConntrackStatistics] = []
    private var columns: StatisticsColumns?

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        guard let columns else {
            columns = StatisticsColumns(heading: line.bytes)
            return columns == nil ? .unreadable : .nothing
        }
        guard line.isTerminated, let cpu = columns.statistics(line.bytes, cpu: statistics.count) else { return .unreadable }
        statistics.append(cpu)
        return .entry(())
    }
}
