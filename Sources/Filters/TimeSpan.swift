/// A length of time as people write it: `10s`, `5m`, `2h`, `7d`, `500ms`, or a number of seconds.
public struct TimeSpan: Hashable, Sendable, CustomStringConvertible {
    public var seconds: Double

    /// The units by their names, in seconds.
    private static let units: [(name: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)]
    /// Ten years: nothing that kstate keeps lasts longer.
    private static let longest = 3_650 * 86_400.0

    public init(seconds: Double) { self.seconds = seconds }

    /// - Throws: what would be right, where `text` is no length of time.
    public init(_ text: String) throws(FilterError) {
        let unit = Self.units.first { text.hasSuffix($0.name) } ?? (name: "", seconds: 1)
        let digits = text.dropLast(unit.name.utf8.count)
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits) else {
            throw FilterError("'\(text)' is no length of time; give a number and ms, s, m, h or d, as 10s or 5m")
        }
        seconds = number * unit.seconds
        guard seconds <= Self.longest else { throw FilterError("'\(text)' is longer than ten years; give less") }
    }

    public var nanoseconds: UInt64 { UInt64(seconds * 1e9) }

    /// In the largest unit that has a whole number of it, as it can be read again.
    public var description: String {
        for unit in Self.units.reversed() {
            let count = (seconds / unit.seconds).rounded()
            if count >= 1, abs(count * unit.seconds - seconds) < 1e-6 { return "\(Int(count))\(unit.name)" }
        }
        return "\(seconds)s"
    }
}
