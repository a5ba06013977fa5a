// Numbers as UTF-8 digits, appended to an output that is written once: the renderers' hottest few lines.

extension [UInt8] {
    /// Appends `number` in decimal digits.
    public mutating func appendDecimal(_ number: UInt64) {
        if number < 10 {
            append(UInt8(truncatingIfNeeded: number) &+ 0x30)
            return
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var start = 20
            repeat {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                start -= 1
                digits[start] = UInt8(truncatingIfNeeded: remainder) &+ 0x30
                rest = quotient
            } while rest > 0
            append(contentsOf: digits[start..<20])
        }
    }

    /// Appends `number` in lower-case hexadecimal digits, without leading zeros.
    public mutating func appendHexadecimal(_ number: UInt64) {
        var shift = number == 0 ? 0 : (63 - number.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 0xf
            append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            shift -= 4
        }
    }
}
