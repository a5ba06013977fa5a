internal import Glibc

/// A moment of a clock that never jumps: `CLOCK_MONOTONIC`, in seconds.
public struct MonotonicTime: Comparable, Sendable {
    public var seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    public func advanced(by seconds: Double) -> MonotonicTime { MonotonicTime(seconds: self.seconds + seconds) }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.seconds < right.seconds }
}
