internal import Glibc

extension [UInt8] {
    /// Appends nanoseconds since 1970 as RFC 3339 in UTC with `digits` of the second's fraction (3 or 9).
    public mutating func appendTime(_ nanoseconds: UInt64, digits: Int = 3) {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        appendPadded(Int(parts.tm_year) + 1900, width: 4)
        append(UInt8(ascii: "-"))
        appendPadded(Int(parts.tm_mon) + 1, width: 2)
        append(UInt8(ascii: "-"))
        appendPadded(Int(parts.tm_mday), width: 2)
        append(UInt8(ascii: "T"))
        appendClock(parts)
        append(UInt8(ascii: "."))
        let fraction = Int(nanoseconds % 1_000_000_000)
        appendPadded(digits == 3 ? fraction / 1_000_000 : fraction, width: digits)
        append(UInt8(ascii: "Z"))
    }

    private mutating func appendClock(_ parts: tm) {
        appendPadded(Int(parts.tm_hour), width: 2)
        append(UInt8(ascii: ":"))
        appendPadded(Int(parts.tm_min), width: 2)
        append(UInt8(ascii: ":"))
        appendPadded(Int(parts.tm_sec), width: 2)
    }

    private mutating func appendPadded(_ number: Int, width: Int) {
        var limit = 1
        for _ in 1..<width { limit *= 10 }
        while limit > 1, number < limit {
            append(UInt8(ascii: "0"))
            limit /= 10
        }
        appendDecimal(UInt64(number))
    }
}

extension ClosedRange<UInt64> {
    /// All nanoseconds since 1970 that are printed as the same millisecond: whoever copies a time from there means what it was printed for.
    public init(millisecondOf time: UInt64) {
        let start = time - time % 1_000_000
        self = start...start + 999_999
    }
}

extension UInt64 {
    /// Nanoseconds of a number of seconds since 1970; nil before that, and from the year 2554 on, where they run over.
    public init?(nanosecondsOf seconds: Int) {
        guard (0..<Int(Self.max / 1_000_000_000)).contains(seconds) else { return nil }
        self = UInt64(seconds) * 1_000_000_000
    }
}

extension String {
    /// Nanoseconds since 1970 as RFC 3339 in UTC, cut to the millisecond.
    public init(time nanoseconds: UInt64) {
        var buffer: [UInt8] = []
        buffer.appendTime(nanoseconds)
        self.init(decoding: buffer, as: UTF8.self)
    }
}
