/// How often a recorder reads the tables: at its interval, or less often where that would take more of a core than it may.
public struct SamplePace: Hashable, Sendable {
    /// Of one core's time.
    public static let share = 0.01

    /// Seconds from one sample to the next, as asked for.
    public let asked: Double
    /// And as the last sample's cost allows.
    public private(set) var interval: Double

    public init(every interval: Double) {
        asked = interval
        self.interval = interval
    }

    /// - Parameter cost: seconds of processor time that the last sample took.
    public mutating func note(cost: Double) { interval = max(asked, cost / Self.share) }

    public var isStretched: Bool { interval > asked }
}
