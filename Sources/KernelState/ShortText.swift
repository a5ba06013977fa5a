/// Packs the beginning of a short text into two words, so that a record holds it without the heap.
@frozen
public struct ShortTextPacker {
    /// The bytes, the first in the highest eight bits of `high`; zero after the text.
    public var high: UInt64 = 0
    public var low: UInt64 = 0
    @usableFromInline var count = 0

    @inlinable public init() {}

    /// Packs a name of the kernel's, which has fifteen bytes at most before the zero that ends it.
    public init(name: some Sequence<UInt8>) {
        for byte in name.prefix(15) { append(byte) }
    }

    /// The text of two words that were packed.
    public static func text(high: UInt64, low: UInt64) -> String {
        String(decoding: [high, low].flatMap(\.networkBytes).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Adds a byte; those beyond the sixteenth are left out.
    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        if count < 8 {
            high |= UInt64(byte) << UInt64(56 - 8 * count)
        } else if count < 16 {
            low |= UInt64(byte) << UInt64(120 - 8 * count)
        }
        count += 1
    }
}
