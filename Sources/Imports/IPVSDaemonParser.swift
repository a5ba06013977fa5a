internal import KernelState

/// Reads the lines of `ipvsadm -L --daemon`, one a role, where there is a daemon:
///
///     master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)
///
/// Earlier versions end after `syncid`.
struct IPVSDaemonParser: LineParser {
    private(set) var text = IPVSText()

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        guard let daemon = Self.daemon(line.bytes) else { return .unreadable }
        text.daemons.removeAll { $0.role == daemon.role }
        text.daemons.append(daemon)
        return .entry(())
    }

    static func daemon(_ line: UnsafeRawBufferPointer) -> IPVSDaemon? {
        var words = LineWords(line)
        guard line.last == UInt8(ascii: ")"), let name = words.next(), let role = role(words, name) else { return nil }
        for name in ["sync", "daemon"] as [StaticString] {
            guard let word = words.next(), words.matches(word, name) else { return nil }
        }
        guard let interface = value("(mcast=", &words), let identifier = value("syncid=", &words),
            let number = words.decimal(identifier).flatMap(UInt32.init(exactly:))
        else { return nil }
        return IPVSDaemon(role: role, interface: words.text(interface), syncIdentifier: number)
    }

    private static func role(_ words: LineWords, _ name: Range<Int>) -> IPVSDaemon.Role? {
        if words.matches(name, "master") { return .master }
        return words.matches(name, "backup") ? .backup : nil
    }

    /// What follows `name` in the next word, without the comma or bracket after it.
    private static func value(_ name: StaticString, _ words: inout LineWords) -> Range<Int>? {
        guard let word = words.next(), words.begins(word, name), word.count > name.utf8CodeUnitCount + 1 else { return nil }
        return word.lowerBound + name.utf8CodeUnitCount..<word.upperBound - 1
    }
}
