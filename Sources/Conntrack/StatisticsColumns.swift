public import KernelState

/// The columns of /proc/net/stat/nf_conntrack, which needs no privileges: a heading, and a line of hexadecimal numbers for each possible
/// CPU in turn.
///
/// Kernels have added, renamed and zeroed columns, so that each is found by its name; one that is not there stays 0.
public struct StatisticsColumns {
    /// In the line's order; nil for what is not kept.
    private var counters: [WritableKeyPath<ConntrackStatistics, UInt32>?] = []

    /// - Parameter line: the first one; nil where it is not the heading of that file.
    public init?(heading line: UnsafeRawBufferPointer) {
        var words = LineWords(line)
        guard let first = words.next(), words.matches(first, "entries") else { return nil }
        counters = [nil]
        while let word = words.next() { counters.append(ConntrackStatistics.counter(named: words.text(word))) }
        guard counters.contains(\.insertFailed) else { return nil }
    }

    /// A CPU's counters; nil for a line that has not exactly one number of 32 bits for each column.
    ///
    /// - Parameters:
    ///   - line: without its end.
    ///   - cpu: counted from 0.
    public func statistics(_ line: UnsafeRawBufferPointer, cpu: Int) -> ConntrackStatistics? {
        guard let cpu = UInt16(exactly: cpu) else { return nil }
        var statistics = ConntrackStatistics(cpu: cpu)
        var words = LineWords(line)
        for counter in counters {
            guard let word = words.next(), word.count <= 8, let number = words.hexadecimal(word) else { return nil }
            if let counter { statistics[keyPath: counter] = UInt32(truncatingIfNeeded: number) }
        }
        return words.next() == nil ? statistics : nil
    }
}
