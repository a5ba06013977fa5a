import CLinux
import Glibc

/// The machine that kstate runs on.
enum Host {
    /// Nanoseconds since 1970.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds of a clock that never jumps.
    static var uptime: Double { seconds(of: CLOCK_MONOTONIC) }

    /// Seconds of a core's time that this process has taken, in all its threads and in the kernel.
    static var processorTime: Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var name: String {
        text {
            uname($0); return String(cString: withUnsafePointer(to: &$0.pointee.nodename.0) { $0 })
        }
    }
    static var kernelRelease: String {
        text {
            uname($0); return String(cString: withUnsafePointer(to: &$0.pointee.release.0) { $0 })
        }
    }

    private static func text(_ body: (UnsafeMutablePointer<utsname>) -> String) -> String {
        var names = utsname()
        return body(&names)
    }
}
