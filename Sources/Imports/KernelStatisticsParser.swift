internal import KernelState

/// Reads /proc/net/stat/nf_conntrack: names of the columns, then a line of hexadecimal numbers for each CPU in turn.
struct KernelStatisticsParser: LineParser {
    private(set) var statistics: [ConntrackStatistics] = []
    private var columns: [WritableKeyPath<ConntrackStatistics, UInt32>?] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        if columns.isEmpty {
            guard Self.isHeading(line.bytes) else { return .unreadable }
            var words = LineWords(line.bytes)
            while let word = words.next() { columns.append(ConntrackStatistics.counter(named: words.text(word))) }
            return .nothing
        }
        guard line.isTerminated, let cpu = cpu(line.bytes) else { return .unreadable }
        statistics.append(cpu)
        return .entry(())
    }

    static func isHeading(_ line: UnsafeRawBufferPointer) -> Bool {
        var words = LineWords(line)
        guard let first = words.next(), words.matches(first, "entries") else { return false }
        while let word = words.next() { if words.matches(word, "insert_failed") { return true } }
        return false
    }

    private func cpu(_ line: UnsafeRawBufferPointer) -> ConntrackStatistics? {
        guard let number = UInt16(exactly: statistics.count) else { return nil }
        var cpu = ConntrackStatistics(cpu: number)
        var words = LineWords(line)
        for column in columns {
            guard let value = words.next(), value.count <= 8, let number = words.hexadecimal(value) else { return nil }
            if let column { cpu[keyPath: column] = UInt32(truncatingIfNeeded: number) }
        }
        return words.next() == nil ? cpu : nil
    }
}
