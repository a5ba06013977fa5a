internal import KernelState

/// One place at a moment of a recording, or over a stretch of it: read as a live namespace is.
///
/// The conntrack table is the last sample's with the events after it applied. IPVS tells of no events: its table is the last sample's.
/// Over a stretch both hold everything that lived in it, as it was last seen, and mark what has ended.
final class ReplayedSource: StateSource {
    private let steps: [SnapshotSource]
    private let since: UInt64?
    private let until: UInt64

    let place: Place

    /// - Parameters:
    ///   - steps: the place in consecutive samples, one at least.
    ///   - since: where the stretch begins, in nanoseconds since 1970; nil for a moment, which has one step.
    ///   - until: the moment, or where the stretch ends.
    init(_ steps: [SnapshotSource], since: UInt64?, until: UInt64) {
        self.steps = steps
        self.since = since
        self.until = until
        var place = steps[steps.count - 1].place
        place.takenAt = max(place.takenAt, until)
        self.place = place
    }

    private var last: SnapshotSource { steps[steps.count - 1] }

    var conntrackSize: ConntrackTableSize? { nil }

    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        guard list == .confirmed else { return try last.openConntrack(list, walks: walks, selection: selection) }
        return try OverlaidEntries(steps, since: since, until: until, selection: selection)
    }

    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        guard since != nil else { return try last.openIPVS() }
        var replay = RowReplay()
        let coverages = try readable { step throws(KernelStateError) in
            let table = try step.openIPVS()
            replay.beginReading()
            while try table.next(where: { _ in true }, { replay.add(copy $0) }) {}
            if table.coverage.complete { replay.endReading() }
            return table.coverage
        }
        let rows = replay.rows
        var coverage = coverages[coverages.count - 1]
        coverage.read = rows.count
        return ReplayedEntries(rows, coverage)
    }

    func services() throws(KernelStateError) -> [VirtualService] { try last.services() }

    func facts() -> NodeFacts { last.facts() }

    func savedNames() throws(KernelStateError) -> SavedNames? { try last.savedNames() }

    /// What `body` makes of every step that could be read; the last one's reason where none could.
    private func readable<Value>(_ body: (SnapshotSource) throws(KernelStateError) -> Value) throws(KernelStateError) -> [Value] {
        var values: [Value] = []
        var failure: KernelStateError?
        for step in steps {
            do throws(KernelStateError) {
                values.append(try body(step))
            } catch {
                failure = error
            }
        }
        if values.isEmpty, let failure { throw failure }
        return values
    }
}

/// Entries that are all known.
private final class ReplayedEntries<Entry>: EntrySource {
    let coverage: TableCoverage
    private var rest: ArraySlice<Entry>

    init(_ entries: [Entry], _ coverage: TableCoverage) {
        rest = entries[...]
        self.coverage = coverage
    }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        for entry in rest.prefix(SnapshotSource.portion) where wanted(entry) { body(entry) }
        rest = rest.dropFirst(SnapshotSource.portion)
        return !rest.isEmpty
    }
}
