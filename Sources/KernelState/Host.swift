internal import Glibc

/// The machine that the program runs on, and its clocks.
public enum Host {
    /// Nanoseconds since 1970.
    public static var now: UInt64 {
        let time = time(of: CLOCK_REALTIME)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds of a clock that never jumps, `CLOCK_MONOTONIC`.
    public static var uptime: Double { seconds(of: CLOCK_MONOTONIC) }

    /// Seconds of a core's time that this process has taken, in all its threads and in the kernel.
    public static var processorTime: Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(of clock: clockid_t) -> Double {
        let time = time(of: clock)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func time(of clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }

    /// As `uname -n` prints it.
    public static var name: String { text(\.nodename) }

    /// As `uname -r` prints it.
    public static var kernelRelease: String { text(\.release) }

    private static func text<Bytes>(_ field: KeyPath<utsname, Bytes>) -> String {
        var names = utsname()
        uname(&names)
        return withUnsafeBytes(of: names[keyPath: field]) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
