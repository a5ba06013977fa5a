internal import KernelState

/// Reads the lines of `conntrack -S`, one a CPU: `cpu=0   	found=0 invalid=3 insert=0 insert_failed=0 drop=0 …`.
struct StatisticsParser: LineParser {
    private(set) var statistics: [ConntrackStatistics] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        guard let cpu = Self.cpu(line.bytes) else { return .unreadable }
        statistics.removeAll { $0.cpu == cpu.cpu }
        statistics.append(cpu)
        return .entry(())
    }

    static func cpu(_ line: UnsafeRawBufferPointer) -> ConntrackStatistics? {
        var words = LineWords(line)
        guard let first = words.next(), words.begins(first, "cpu="),
            let cpu = words.decimal(first.lowerBound + 4..<first.upperBound).flatMap(UInt16.init(exactly:))
        else { return nil }
        var statistics = ConntrackStatistics(cpu: cpu)
        var counters = 0
        while let word = words.next() {
            guard let equals = words[word].firstIndex(of: UInt8(ascii: "=")),
                let number = words.decimal(word.lowerBound + equals + 1..<word.upperBound).flatMap(UInt32.init(exactly:))
            else { return nil }
            counters += 1
            if let counter = ConntrackStatistics.counter(named: words.text(word.lowerBound..<word.lowerBound + equals)) {
                statistics[keyPath: counter] = number
            }
        }
        return counters > 0 ? statistics : nil
    }
}
