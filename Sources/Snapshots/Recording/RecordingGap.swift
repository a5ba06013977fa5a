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

/// A place at a time that a gap is in: each of its tables is incomplete.
struct GappedSource: StateSource {
    private let source: any StateSource
    private let gap: RecordingGap

    init(_ source: any StateSource, _ gap: RecordingGap) {
        self.source = source
        self.gap = gap
    }

    var place: Place { source.place }

    var conntrackSize: ConntrackTableSize? { source.conntrackSize }

    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        GappedEntries(try source.openConntrack(list, walks: walks, selection: selection), gap)
    }

    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> { GappedEntries(try source.openIPVS(), gap) }

    func services() throws(KernelStateError) -> [VirtualService] { try source.services() }

    func plainServices() throws(KernelStateError) -> [VirtualService] { try source.plainServices() }

    func facts() -> NodeFacts { source.facts() }

    func savedNames() throws(KernelStateError) -> SavedNames? { try source.savedNames() }
}

private final class GappedEntries<Entry>: EntrySource {
    private let entries: any EntrySource<Entry>
    private let gap: RecordingGap

    init(_ entries: any EntrySource<Entry>, _ gap: RecordingGap) {
        self.entries = entries
        self.gap = gap
    }

    var coverage: TableCoverage { entries.coverage.noting(gap) }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        try entries.next(where: wanted, body)
    }
}

extension TableCoverage {
    /// A sample that is not complete itself stays the reason, and so do events that were lost earlier.
    fileprivate func noting(_ gap: RecordingGap) -> TableCoverage {
        guard complete || wholeUntil.map({ gap.start < $0 }) == true else { return self }
        var coverage = self
        coverage.complete = false
        coverage.reason = gap.reason
        coverage.wholeUntil = gap.start
        return coverage
    }
}
