internal import KernelState

/// The conntrack table at a moment, or all that lived in it over a stretch of time: the last sample's entries as they pass, but for those
/// of which events after it tell; then what those, and earlier samples, tell beyond it.
///
/// Memory grows with what differs from that sample. Over several samples it holds a fingerprint of each of its entries too.
final class OverlaidEntries: EntrySource {
    private let base: SnapshotSource
    private let sample: any EntrySource<Flow>
    private let stretchStart: UInt64?
    private let until: UInt64
    private let selection: PortSelection?
    /// The fingerprints of entries that events after the sample tell of.
    private var touched: Set<UInt64> = []
    private var replay: FlowReplay
    private var isPassing = true
    private var passed = 0
    /// What the replay has still to hand out.
    private var rest: Range<Int> = 0..<0
    /// Why the sample's own reading ended early: told when everything else has been handed out.
    private var failure: KernelStateError?

    private(set) var coverage: TableCoverage

    /// - Parameters:
    ///   - steps: the place in consecutive samples, one at least.
    ///   - since: where the stretch begins, in nanoseconds since 1970; nil for a moment, which has one step.
    ///   - until: the moment, or where the stretch ends.
    ///   - selection: leaves out what has none of its ports and destinations.
    /// - Throws: why the last sample has no table, where none has.
    init(_ steps: [SnapshotSource], since: UInt64?, until: UInt64, selection: PortSelection?) throws(KernelStateError) {
        let last = try Self.lastReadable(steps, selection)
        (base, sample) = (steps[last.index], last.table)
        stretchStart = since
        self.until = until
        self.selection = selection
        coverage = sample.coverage
        replay = FlowReplay(keepingEndedSince: since)
        if last.index > 0 {
            replay.passOver(try Self.identities(of: base, selection, expected: coverage.read))
            for step in steps[..<last.index] { try add(step) }
            replay.endPassingOver()
        }
        touched = try Self.touched(after: base, until, selection)
        replay.beginReading(at: base.place.takenAt)
    }

    private static func lastReadable(
        _ steps: [SnapshotSource], _ selection: PortSelection?
    ) throws(KernelStateError) -> (index: Int, table: any EntrySource<Flow>) {
        var reason: KernelStateError?
        for index in steps.indices.reversed() {
            do throws(KernelStateError) {
                return (index, try steps[index].openConntrack(.confirmed, walks: nil, selection: selection))
            } catch {
                reason = reason ?? error
            }
        }
        throw reason ?? KernelStateError(operation: "looking at that time", cause: "no sample was taken in it")
    }

    /// Every entry of a sample, in a few bytes each.
    private static func identities(
        of step: SnapshotSource, _ selection: PortSelection?, expected: Int
    ) throws(KernelStateError) -> FingerprintSet {
        var identities = FingerprintSet(expected: selection == nil ? expected : 0)
        let table = try step.openConntrack(.confirmed, walks: nil, selection: selection)
        // One that ended early ends so again when its entries are handed out, and is told then.
        while (try? table.next(where: { _ in true }, { _ = identities.insert($0.identity) })) ?? false {}
        return identities
    }

    private static func touched(
        after step: SnapshotSource, _ until: UInt64, _ selection: PortSelection?
    ) throws(KernelStateError) -> Set<UInt64> {
        var touched: Set<UInt64> = []
        try step.forEachEvent(until: until, selection: selection) { event in
            if case .entry(_, let flow) = event.content { touched.insert(flow.fingerprint.value) }
        }
        return touched
    }

    /// Takes an earlier sample with the events after it. A sample without the table is passed over; of one whose reading ended early what
    /// was read counts.
    private func add(_ step: SnapshotSource) throws(KernelStateError) {
        guard let table = try? step.openConntrack(.confirmed, walks: nil, selection: selection) else { return }
        let time = step.place.takenAt
        replay.beginReading(at: time)
        do throws(KernelStateError) {
            while try table.next(where: { _ in true }, { replay.add(read: copy $0, at: time) }) {}
            if table.coverage.complete { replay.endReading(at: time) }
        } catch {}
        try step.forEachEvent(until: until, selection: selection) { replay.apply($0) }
    }

    func next(where wanted: (borrowing Flow) -> Bool, _ body: (borrowing Flow) -> Void) throws(KernelStateError) -> Bool {
        if isPassing {
            do throws(KernelStateError) {
                isPassing = try passPortion(wanted, body)
            } catch {
                (failure, isPassing) = (error, false)
            }
            if !isPassing { try replayEvents() }
        } else {
            replay.forEach(in: rest.prefix(SnapshotSource.portion), at: until) { if wanted($0) { body($0) } }
            rest = rest.dropFirst(SnapshotSource.portion)
        }
        if isPassing || !rest.isEmpty { return true }
        if let failure { throw failure }
        return false
    }

    private func passPortion(_ wanted: (borrowing Flow) -> Bool, _ body: (borrowing Flow) -> Void) throws(KernelStateError) -> Bool {
        let takenAt = base.place.takenAt
        return try sample.next(where: { _ in true }) { flow in
            if !touched.isEmpty, touched.contains(flow.fingerprint.value) { return replay.add(read: copy flow, at: takenAt) }
            replay.end(replacedBy: flow, at: takenAt)
            passed += 1
            let flow = (copy flow).runDown(from: takenAt, to: until)
            if wanted(flow) { body(flow) }
        }
    }

    private func replayEvents() throws(KernelStateError) {
        coverage = sample.coverage
        if coverage.complete, failure == nil { replay.endReading(at: base.place.takenAt) }
        try base.forEachEvent(until: until, selection: selection) { replay.apply($0) }
        rest = replay.steps
        if selection == nil { coverage.read = passed + replay.count }
        coverage.note(replay.loss, stretchStart == nil ? "before that moment" : "in that time")
    }
}

extension TableCoverage {
    /// Where events were lost, what they told of may be missing. A sample that is not complete itself stays the reason.
    fileprivate mutating func note(_ loss: FlowReplay.Loss?, _ when: String) {
        guard let loss, complete else { return }
        complete = false
        reason = "\(loss.count) events were lost \(when)"
        wholeUntil = loss.since
    }
}
