public import KernelState

/// Parses /proc/net/stat/nf_conntrack, which needs no privileges: a heading, and a line of hexadecimal numbers a possible CPU.
///
/// Kernels have added, renamed and zeroed columns, so that each is found by its name; one that is not there stays 0.
public enum StatisticsTableParser {
    public static func statistics(in bytes: [UInt8]) -> [ConntrackStatistics] {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        guard let heading = lines.first else { return [] }
        let fields = heading.map { ConntrackStatistics.counter(named: String($0)) }
        return lines.dropFirst().enumerated().map { index, words in
            var statistics = ConntrackStatistics(cpu: UInt16(truncatingIfNeeded: index))
            for (field, word) in zip(fields, words) {
                if let field, let number = UInt32(word, radix: 16) { statistics[keyPath: field] = number }
            }
            return statistics
        }
    }
}
