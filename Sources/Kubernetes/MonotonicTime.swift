internal import KernelState

/// A moment of a clock that never jumps: `CLOCK_MONOTONIC`, in seconds.
public struct MonotonicTime: Comparable, Sendable {
    public var seconds: Double

    public init(seconds: Double) { self.seconds = seconds }

    public static var now: MonotonicTime { MonotonicTime(seconds: Host.uptime) }

    public func advanced(by seconds: Double) -> MonotonicTime { MonotonicTime(seconds: self.seconds + seconds) }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.seconds < right.seconds }
}
