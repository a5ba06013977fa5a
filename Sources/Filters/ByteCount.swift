/// A number of bytes as people write it: `1G`, `512M`, `64k`, in powers of 1024, or plain bytes.
public struct ByteCount: Hashable, Sendable, CustomStringConvertible {
    public var bytes: UInt64

    private static let units: [(name: Character, shift: UInt64)] = [("k", 10), ("m", 20), ("g", 30), ("t", 40)]

    public init(bytes: UInt64) { self.bytes = bytes }

    /// - Throws: what would be right, where `text` is no size.
    public init(_ text: String) throws(FilterError) {
        let unit = text.last.flatMap { last in Self.units.first { $0.name == last || $0.name.uppercased() == String(last) } }
        let digits = unit == nil ? text[...] : text.dropLast()
        let scaled = UInt64(digits)?.multipliedReportingOverflow(by: 1 << (unit?.shift ?? 0))
        guard let scaled, !scaled.overflow, scaled.partialValue <= UInt64(Int64.max) else {
            throw FilterError("'\(text)' is no size; give a number and k, M, G or T, as 512M")
        }
        bytes = scaled.partialValue
    }

    /// In the largest unit that has a whole number of it, as it can be read again.
    public var description: String {
        for unit in Self.units.reversed() where bytes > 0 && bytes & ((1 << unit.shift) - 1) == 0 {
            return "\(bytes >> unit.shift)\(unit.name == "k" ? "k" : unit.name.uppercased())"
        }
        return "\(bytes)"
    }
}
