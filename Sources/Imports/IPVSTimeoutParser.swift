internal import KernelState

/// Reads the line of `ipvsadm -L --timeout`: `Timeout (tcp tcpfin udp): 900 120 300`, seconds.
struct IPVSTimeoutParser: LineParser {
    private(set) var text = IPVSText()

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        // A number that the file ends in may go on.
        guard line.isTerminated, let timeouts = Self.timeouts(line.bytes) else { return .unreadable }
        text.timeouts = timeouts
        return .entry(())
    }

    static func timeouts(_ line: UnsafeRawBufferPointer) -> IPVSText.Timeouts? {
        var words = LineWords(line)
        for name in ["Timeout", "(tcp", "tcpfin", "udp):"] as [StaticString] {
            guard let word = words.next(), words.matches(word, name) else { return nil }
        }
        var timeouts = IPVSText.Timeouts(tcp: 0, tcpFin: 0, udp: 0)
        guard timeouts.tcp.set(words.next().flatMap(words.decimal)), timeouts.tcpFin.set(words.next().flatMap(words.decimal)),
            timeouts.udp.set(words.next().flatMap(words.decimal)), words.next() == nil
        else { return nil }
        return timeouts
    }
}
