import CLinux
import Filters
import Glibc
import KernelState
import Rendering

/// The machine that kstate runs on.
enum Host {
    /// Nanoseconds since 1970.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Seconds of a clock that never jumps.
    static var uptime: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
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

    static var kernelVersion: KernelFilterPlan.KernelVersion {
        let numbers = kernelRelease.split(separator: ".").prefix(2).map { Int($0.prefix { $0.isNumber }) ?? 0 }
        return KernelFilterPlan.KernelVersion(major: numbers.first ?? 0, minor: numbers.count > 1 ? numbers[1] : 0)
    }

    static func reportHeader(_ namespaces: [NetworkNamespace]) -> ReportHeader {
        ReportHeader(takenAt: now, node: name, kernel: kernelRelease, namespaces: namespaces)
    }
}
