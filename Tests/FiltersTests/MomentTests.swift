import Glibc
import Testing

@testable import Filters

@Suite struct MomentTests {
    @Test func `lengths of time and sizes are read as people write them, and written as they can be read again`() throws {
        for (text, seconds) in [("10s", 10.0), ("5m", 300), ("2h", 7_200), ("7d", 604_800), ("500ms", 0.5), ("90", 90), ("1.5h", 5_400)] {
            let span = try TimeSpan(text)
            #expect(span.seconds == seconds)
            #expect(try TimeSpan(span.description).seconds == seconds)
        }
        for text in ["", "s", "-5s", "5 s", "1e3", "10y", "4000d", "1..2s", "١s"] {
            #expect(throws: FilterError.self, "\(text)") { try TimeSpan(text) }
        }
        for (text, bytes) in [("1G", UInt64(1) << 30), ("512m", 512 << 20), ("64k", 64 << 10), ("100", 100), ("1T", 1 << 40)] {
            let size = try ByteCount(text)
            #expect(size.bytes == bytes)
            #expect(try ByteCount(size.description) == size)
        }
        for text in ["", "G", "-1G", "1.5G", "99999999T", "18446744073709551615"] {
            #expect(throws: FilterError.self, "\(text)") { try ByteCount(text) }
        }
    }

    @Test func `a moment with its zone is that moment, whatever the recording`() throws {
        let three: UInt64 = 1_795_489_200_000_000_000  // date -ud 2026-11-24T03:00:00Z +%s
        for text in ["2026-11-24T03:00:00Z", "2026-11-24T04:00:00+01:00", "2026-11-23T21:30:00-05:30", "2026-11-24 03:00Z", "2026-11-24t03:00z"] {
            #expect(try Moment(text).resolved(end: 0) == three, "\(text)")
        }
        #expect(try Moment("2026-11-24T03:00:00.25Z").resolved(end: 0) == three + 250_000_000)
        #expect(try Moment("10m").resolved(end: three) == three - 600_000_000_000)
        #expect(try Moment("10d").resolved(end: 5) == 0)
    }

    @Test func `a local time is this machine's`() throws {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_isdst) = (126, 10, 24, 3, 0, -1)
        let three = UInt64(mktime(&parts)) * 1_000_000_000
        #expect(try Moment("2026-11-24 03:00").resolved(end: 0) == three)
        #expect(try Moment("2026-11-24T03:00:00").resolved(end: 0) == three)
        #expect(try Moment("2026-11-24").resolved(end: 0) == three - 3 * 3_600_000_000_000)
        // The last 03:00 before the end: this day's, or the day's before.
        #expect(try Moment("03:00").resolved(end: three) == three)
        #expect(try Moment("03:00").resolved(end: three + 5_000_000_000) == three)
        #expect(try Moment("03:00").resolved(end: three - 1_000_000_000) == three - 86_400_000_000_000)
        #expect(try Moment("03:00:05").resolved(end: three + 5_000_000_000) == three + 5_000_000_000)
    }

    @Test func `what is no moment is refused`() {
        for text in [
            "", "now", "3:00", "24:00", "03:60", "2026-13-01", "2026-02-30", "2026-11-24T03:00:00X", "2026-11-24T03", "20261124", "1", "-5m",
            "9999-01-01T00:00:00Z", "2554-07-21T23:34:34Z",
        ] {
            #expect(throws: FilterError.self, "\(text)") { try Moment(text) }
        }
    }
}
