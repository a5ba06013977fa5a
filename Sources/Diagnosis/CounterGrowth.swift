import KernelState

extension Case {
    /// By how much a counter of conntrack grew between the first sample and the last, over all CPUs; nil where only one sample or no
    /// statistics were read. Each CPU's counter is 32 bits wide and may have wrapped once.
    func growth(_ counter: KeyPath<ConntrackStatistics, UInt32>) -> UInt64? {
        guard samples.count > 1, !first.facts.conntrackStatistics.isEmpty, !last.facts.conntrackStatistics.isEmpty else { return nil }
        var before: [UInt16: UInt32] = [:]
        for cpu in first.facts.conntrackStatistics { before[cpu.cpu] = cpu[keyPath: counter] }
        return last.facts.conntrackStatistics.reduce(0) { sum, cpu in
            sum + UInt64(before[cpu.cpu].map { cpu[keyPath: counter] &- $0 } ?? 0)
        }
    }

    /// What a rule over counters says when it cannot compare.
    var cannotCompareCounters: String {
        last.facts.conntrackStatistics.isEmpty
            ? "conntrack's statistics are not known: run as root, or save `conntrack -S` too"
            : "counters tell something only when two samples are compared"
    }
}
