// Fields that take a number which a text has.

extension FixedWidthInteger {
    /// Takes `number`; false where there is none, or it does not fit.
    @inlinable @inline(__always)
    public mutating func set(_ number: UInt64?) -> Bool {
        guard let number = number.flatMap({ Self(exactly: $0) }) else { return false }
        self = number
        return true
    }
}

extension Optional where Wrapped: FixedWidthInteger {
    /// Takes `number`; false where there is none, or it does not fit.
    @inlinable @inline(__always)
    public mutating func set(_ number: UInt64?) -> Bool {
        self = number.flatMap { Wrapped(exactly: $0) }
        return self != nil
    }
}
