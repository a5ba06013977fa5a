internal import KernelState

/// A time of which a recording tells nothing, because no recorder ran.
struct RecordingGap {
    /// Nanoseconds since 1970: the last thing that was told before it, or a recorder's end.
    let from: UInt64
    /// The first sample after it; nil where nothing follows.
    let to: UInt64?
    /// How many more there are in what was asked for.
    var others = 0

    init(from: UInt64, to: UInt64?) {
        self.from = from
        self.to = to
    }

    /// Where it begins, for who names a moment by its millisecond and means all of that: with the one after ``from``.
    var start: UInt64 { ClosedRange(millisecondOf: from).upperBound + 1 }

    /// True where nothing is told of a part of a stretch, or of a moment.
    func overlaps(_ stretch: ClosedRange<UInt64>) -> Bool {
        guard stretch.upperBound >= start else { return false }
        guard let to else { return true }
        // A stretch begins with the millisecond in which the sample was taken.
        return stretch.lowerBound < (stretch.lowerBound == stretch.upperBound ? to : ClosedRange(millisecondOf: to).lowerBound)
    }

    var reason: String {
        let when = to.map { "from \(String(time: from)) to \(String(time: $0))" } ?? "after \(String(time: from))"
        return "nothing was recorded \(when)" + (others > 0 ? ", nor at \(others) later time\(others == 1 ? "" : "s")" : "")
    }
}
