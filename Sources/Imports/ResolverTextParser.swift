internal import KernelState

/// Keeps a resolv.conf as it is, as far as any resolver would read.
struct ResolverTextParser: LineParser {
    private static let maximumSize = 65_536

    private(set) var text = ""

    mutating func parse(_ line: Line) -> LineResult<Void> {
        guard text.utf8.count + line.bytes.count < Self.maximumSize else { return .unreadable }
        text += String(decoding: line.bytes, as: UTF8.self) + (line.isTerminated ? "\n" : "")
        return Self.isNameserver(line.bytes) ? .entry(()) : .nothing
    }

    /// `nameserver 10.96.0.10`, which may end in the name of a link: `nameserver fe80::1%eth0`.
    static func isNameserver(_ line: UnsafeRawBufferPointer) -> Bool {
        var words = LineWords(line)
        guard let key = words.next(), key.lowerBound == 0, words.matches(key, "nameserver"), let address = words.next() else { return false }
        return IPAddress(utf8: UnsafeRawBufferPointer(rebasing: words[address].prefix { $0 != UInt8(ascii: "%") })) != nil
    }
}
