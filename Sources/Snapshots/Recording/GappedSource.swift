internal import KernelState

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
