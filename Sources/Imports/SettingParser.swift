internal import KernelState

/// Reads the lines of `sysctl -a`, and keeps the settings of the network: `net.ipv4.ip_forward = 1`.
struct SettingParser: LineParser {
    private(set) var settings: [String: String] = [:]

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty || LineWords(line.bytes).begins(line.bytes.indices, "sysctl: ") { return .nothing }
        guard let (name, value) = Self.setting(line.bytes) else { return .unreadable }
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
