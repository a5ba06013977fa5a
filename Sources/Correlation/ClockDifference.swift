public import KernelState

/// How far another node's clock is ahead of one's own, from connections that both have seen.
///
/// Where both kernels keep when an entry was made (`net.netfilter.nf_conntrack_timestamp` = 1) that is exact to the way's length;
/// else the last packet's time is taken, which timers tell to a second.
public struct ClockDifference: Sendable {
    private var byStart: [Double] = []
    private var byTimers: [Double] = []

    public init() {}

    /// How many connections it was taken from.
    public var count: Int { samples.count }

    /// True where entries' start times tell it, and not their timers.
    public var isExact: Bool { !byStart.isEmpty }

    /// Start times where there are any.
    private var samples: [Double] { isExact ? byStart : byTimers }

    /// - Parameters:
    ///   - flow: the entry on the own node.
    ///   - place: the own node, and when it was read.
    ///   - timers: the own node's.
    ///   - twin: the same packets' entry on the other node.
    ///   - other: the other node, and when it was read.
    ///   - otherTimers: the other node's.
    public mutating func add(_ flow: Flow, at place: Place, _ timers: FlowTimers, _ twin: Twin, at other: Place, _ otherTimers: FlowTimers) {
        if let start = flow.start, let otherStart = twin.start {
            byStart.append(Self.seconds(from: start, to: otherStart))
        } else if let quiet = timers.lastPacket(flow.state, left: flow.timeout),
            let otherQuiet = otherTimers.lastPacket(twin.state, left: twin.timeout), flow.state == twin.state
        {
            byTimers.append(Self.seconds(from: place.takenAt, to: other.takenAt) - otherQuiet + quiet)
        }
    }

    /// Takes what was found from the other node's side.
    public mutating func add(reversed other: ClockDifference) {
        byStart += other.byStart.map { -$0 }
        byTimers += other.byTimers.map { -$0 }
    }

    /// Seconds by which the other clock is ahead: the median; nil without a connection that tells.
    public var seconds: Double? {
        samples.isEmpty ? nil : samples.sorted()[samples.count / 2]
    }

    private static func seconds(from first: UInt64, to second: UInt64) -> Double {
        first <= second ? Double(second - first) / 1e9 : -Double(first - second) / 1e9
    }
}
