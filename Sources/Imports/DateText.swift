internal import Glibc
internal import KernelState

/// Reads what date(1) prints in the C locale.
enum DateText {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Tue Nov 24 15:18:36 UTC 2026` in nanoseconds since 1970; nil in another form, or the time of a zone whose difference nothing tells.
    static func time(_ words: [String]) -> UInt64? {
        guard words.count == 6, let month = months.firstIndex(of: words[1]), let day = Int32(words[2]), let year = Int32(words[5]),
            (1...31).contains(day), (1970...9999).contains(year), words[4] == "UTC" || words[4] == "GMT"
        else { return nil }
        let clock = words[3].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return UInt64(nanosecondsOf: timegm(&parts))
    }
}
