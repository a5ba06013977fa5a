/// How much of the past a recording keeps, and how it is cut into segments.
public struct RingPlan: Hashable, Sendable {
    /// Bytes on the disk, all segments together.
    public var size: UInt64
    /// Nanoseconds after which a segment goes; nil keeps what there is room for.
    public var keep: UInt64?

    /// Kept free for events that come between two weighings of the directory: four thousand, twice, and a journal's smallest steps.
    static let roomForEvents: UInt64 = 2 << 20

    /// A segment ends at this share of the size: so much goes at a time.
    private static let segments: UInt64 = 16
    /// Or after an hour, so that a moment's file is small enough to be opened quickly.
    private static let longest: UInt64 = 3_600_000_000_000

    public init(size: UInt64, keep: UInt64? = nil) {
        self.size = size
        self.keep = keep
    }

    /// True when the next sample begins a new segment.
    func isFull(bytes: UInt64, startedAt: UInt64, now: UInt64) -> Bool {
        bytes >= size / Self.segments || now < startedAt || now - startedAt >= longestSegment
    }

    /// True when a segment is so large that no sample is waited for to end it.
    func isCrowded(bytes: UInt64) -> Bool { bytes >= size / 4 }

    /// With `keep`, segments are cut short enough that little more than that is kept.
    private var longestSegment: UInt64 { min(Self.longest, keep.map { $0 / Self.segments } ?? .max) }

    /// How many of the oldest segments must go.
    ///
    /// - Parameters:
    ///   - segments: in the order of time. The last is never counted.
    ///   - reserve: bytes that are about to be written.
    ///   - now: nanoseconds since 1970.
    func surplus(of segments: [RecordingFolder.Segment], reserve: UInt64, now: UInt64) -> Int {
        var total = segments.reduce(reserve) { $0 + $1.bytes }
        var surplus = 0
        while surplus + 1 < segments.count {
            // A segment ends where the next begins.
            let isOld = keep.map { now > $0 && segments[surplus + 1].startedAt < now - $0 } ?? false
            guard total > size || isOld else { break }
            total -= segments[surplus].bytes
            surplus += 1
        }
        return surplus
    }
}
