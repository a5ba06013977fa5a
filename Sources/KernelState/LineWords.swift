/// Walks the words of one line of a table in text, byte by byte, allocating nothing.
public struct LineWords {
    /// The line.
    public let bytes: UnsafeRawBufferPointer
    @usableFromInline var position = 0

    @inlinable public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The byte at an index that a word has given.
    @inlinable @inline(__always)
    public subscript(_ index: Int) -> UInt8 { bytes[index] }

    /// The bytes of a word.
    @inlinable @inline(__always)
    public subscript(_ word: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[word]) }

    /// The next run of bytes that are not blank.
    @inlinable @inline(__always)
    public mutating func next() -> Range<Int>? {
        while position < bytes.count, Self.isBlank(bytes[position]) { position += 1 }
        let start = position
        while position < bytes.count, !Self.isBlank(bytes[position]) { position += 1 }
        return position > start ? start..<position : nil
    }

    @inlinable @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    @inlinable @inline(__always)
    public func matches(_ word: Range<Int>, _ text: StaticString) -> Bool {
        word.count == text.utf8CodeUnitCount && begins(word, text)
    }

    /// True when the word starts with `text`.
    @inlinable @inline(__always)
    public func begins(_ word: Range<Int>, _ text: StaticString) -> Bool {
        guard word.count >= text.utf8CodeUnitCount else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[word.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
    }

    public func text(_ word: Range<Int>) -> String { String(decoding: self[word], as: UTF8.self) }

    /// Digits and letters follow each other at random, where a branch for each is guessed wrong half the time: there is none here.
    @inlinable @inline(__always)
    public func hexadecimal(_ word: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        var misfits: UInt8 = 0
        for index in word {
            let byte = bytes[index]
            let isDigit = byte &- 0x30 < 10
            let isLetter = (byte | 0x20) &- 0x61 < 6
            misfits |= isDigit != isLetter ? 0 : 1
            number = number << 4 | UInt64((byte & 0xf) &+ (isLetter ? 9 : 0))
        }
        return misfits == 0 ? number : nil
    }

    /// nil for what is no number, or one of more than 64 bits.
    @inlinable @inline(__always)
    public func decimal(_ word: Range<Int>) -> UInt64? {
        guard !word.isEmpty else { return nil }
        var number: UInt64 = 0
        for index in word {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[index] &- 0x30))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}
