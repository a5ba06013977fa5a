internal import Glibc
internal import KernelState

/// A point in time as somebody who looks back writes it, which may need a recording's end to be known.
public enum Moment: Hashable, Sendable {
    /// Nanoseconds since 1970.
    case at(UInt64)
    /// That long before the recording's end.
    case beforeEnd(TimeSpan)
    /// The last such time of day, in local time, at or before the recording's end.
    case timeOfDay(hour: Int, minute: Int, second: Int)

    /// Reads RFC 3339 (`2026-11-24T03:00:00Z`, `…+01:00`), a local date and time (`2026-11-24 03:00`), a local time of day (`03:00`), or a
    /// length of time before the end (`10m`).
    public init(_ text: String) throws(FilterError) {
        if let span = try? TimeSpan(text), text.last?.isNumber == false {
            self = .beforeEnd(span)
        } else if let clock = ClockTime(text[...]), clock.fraction == 0 {
            self = .timeOfDay(hour: clock.hour, minute: clock.minute, second: clock.second)
        } else if let nanoseconds = Self.dateAndTime(text) {
            self = .at(nanoseconds)
        } else {
            throw FilterError(
                "'\(text)' is no moment; give 2026-11-24T03:00:00Z, '2026-11-24 03:00' or 03:00 in local time, or 10m for ten minutes before the end")
        }
    }

    /// Nanoseconds since 1970, given the recording's end.
    public func resolved(end: UInt64) -> UInt64 {
        switch self {
        case .at(let nanoseconds): return nanoseconds
        case .beforeEnd(let span): return end - min(end, span.nanoseconds)
        case .timeOfDay(let hour, let minute, let second):
            var seconds = time_t(end / 1_000_000_000)
            var parts = tm()
            localtime_r(&seconds, &parts)
            (parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_isdst) = (Int32(hour), Int32(minute), Int32(second), -1)
            var today = parts
            var found = mktime(&today)
            if found > seconds {
                parts.tm_mday -= 1
                found = mktime(&parts)
            }
            return UInt64(max(0, found)) * 1_000_000_000
        }
    }

    private static func dateAndTime(_ text: String) -> UInt64? {
        let date = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, date[0].count == 4, date[1].count == 2, date[2].count == 2,
            let year = Int32(date[0]), let month = Int32(date[1]), let day = Int32(date[2]), year >= 1970, (1...12).contains(month),
            (1...31).contains(day)
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday, parts.tm_isdst) = (year - 1_900, month - 1, day, -1)
        let rest = text.dropFirst(10)
        guard let separator = rest.first else { return nanoseconds(&parts, offset: nil, fraction: 0, day: day) }
        guard "Tt ".contains(separator) else { return nil }
        let zone = rest.firstIndex { "Zz+-".contains($0) } ?? rest.endIndex
        guard let clock = ClockTime(rest[..<zone].dropFirst()) else { return nil }
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (Int32(clock.hour), Int32(clock.minute), Int32(clock.second))
        if zone == rest.endIndex { return nanoseconds(&parts, offset: nil, fraction: clock.fraction, day: day) }
        guard let offset = offset(rest[zone...]) else { return nil }
        return nanoseconds(&parts, offset: offset, fraction: clock.fraction, day: day)
    }

    /// - Parameters:
    ///   - offset: seconds east of UTC; nil for local time.
    ///   - day: of the month, as it was given: one that the month does not have is refused.
    private static func nanoseconds(_ parts: inout tm, offset: Int?, fraction: UInt64, day: Int32) -> UInt64? {
        let seconds = offset == nil ? mktime(&parts) : timegm(&parts) - offset!
        guard parts.tm_mday == day, let nanoseconds = UInt64(nanosecondsOf: seconds) else { return nil }
        return nanoseconds + fraction
    }

    /// `Z` or `+01:00`, in seconds.
    private static func offset(_ text: Substring) -> Int? {
        if text == "Z" || text == "z" { return 0 }
        guard text.count == 6, let clock = ClockTime(text.dropFirst()) else { return nil }
        return (clock.hour * 3_600 + clock.minute * 60) * (text.first == "-" ? -1 : 1)
    }
}

/// `03:00`, `03:00:30` or `03:00:30.25`.
private struct ClockTime {
    var hour: Int
    var minute: Int
    var second = 0
    /// Nanoseconds.
    var fraction: UInt64 = 0

    init?(_ text: Substring) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 3, let hour = Self.twoDigits(parts[0]), let minute = Self.twoDigits(parts[1]), hour < 24,
            minute < 60
        else { return nil }
        (self.hour, self.minute) = (hour, minute)
        guard parts.count == 3 else { return }
        let pieces = parts[2].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let second = Self.twoDigits(pieces[0]), second < 60 else { return nil }
        self.second = second
        guard pieces.count == 2 else { return }
        guard (1...9).contains(pieces[1].count), let digits = UInt64(pieces[1]) else { return nil }
        fraction = (pieces[1].count..<9).reduce(digits) { scaled, _ in scaled * 10 }
    }

    private static func twoDigits(_ text: Substring) -> Int? {
        text.utf8.count == 2 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
