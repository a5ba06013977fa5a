internal import KernelState

/// Reads the lines of `sysctl -a`, and keeps the settings of the network: `net.ipv4.ip_forward = 1`.
struct SettingParser: LineParser {
    private(set) var settings: [String: String] = [:]
    private var interrupted = InterruptedLine()

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if let start = Self.message(in: line.bytes) {
            interrupted.keep(line, before: start)
            return .nothing
        }
        if interrupted.isEmpty { return take(line.bytes) }
        return interrupted.ended(by: line).withUnsafeBytes { take($0) }
    }

    /// Where `sysctl: reading key "net.ipv6.conf.all.stable_secret"` and its like begin.
    private static func message(in line: UnsafeRawBufferPointer) -> Int? {
        let words = LineWords(line)
        return line.indices.first { words[$0] == UInt8(ascii: "s") && words.begins($0..<line.count, "sysctl: ") }
    }

    private mutating func take(_ line: UnsafeRawBufferPointer) -> LineResult<Void> {
        if line.isEmpty { return .nothing }
        guard let (name, value) = Self.setting(line) else { return .unreadable }
        guard name.hasPrefix("net.") else { return .nothing }
        settings[name] = value
        return .entry(())
    }

    /// A dotted name, an equals sign between blanks, and the value, which may be empty.
    static func setting(_ line: UnsafeRawBufferPointer) -> (name: String, value: String)? {
        var words = LineWords(line)
        guard let name = words.next(), name.lowerBound == 0, words[name].contains(UInt8(ascii: ".")),
            words[name].allSatisfy({ (0x21...0x7e).contains($0) }), let equals = words.next(), words.matches(equals, "=")
        else { return nil }
        let start = min(equals.upperBound + 1, line.count)
        return (words.text(name), words.text(start..<line.count))
    }
}
