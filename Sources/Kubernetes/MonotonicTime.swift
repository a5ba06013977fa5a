internal import KernelState

/// A moment of a clock that never jumps: `CLOCK_MONOTONIC`, in seconds.
struct MonotonicTime: Comparable, Sendable {
    var seconds: Double

    static var now: MonotonicTime { MonotonicTime(seconds: Host.uptime) }

    func advanced(by seconds: Double) -> MonotonicTime { MonotonicTime(seconds: self.seconds + seconds) }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.seconds < right.seconds }
}
