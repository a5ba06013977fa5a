internal import KernelState

/// The conntrack table at a moment: a sample's entries as they pass, but for those of which events tell, which follow as the events left
/// them. Memory grows with what events tell of, and not with the table.
final class OverlaidEntries: EntrySource {
    private let step: SnapshotSource
    private let moment: UInt64
    private let selection: PortSelection?
    private let sample: any EntrySource<Flow>
    /// The fingerprints of entries that events tell of.
    private var touched: Set<UInt64> = []
    private var replay = FlowReplay(keepingEndedSince: nil)
    private var isPassing = true
    private var rest: ArraySlice<Flow> = []
    private var matched = 0

    private(set) var coverage: TableCoverage

    /// - Parameters:
    ///   - step: the place in the sample before the moment.
    ///   - moment: nanoseconds since 1970.
    ///   - selection: leaves out what has none of its ports and destinations.
    init(_ step: SnapshotSource, at moment: UInt64, selection: PortSelection?) throws(KernelStateError) {
        self.step = step
        self.moment = moment
        self.selection = selection
        sample = try step.openConntrack(.confirmed, walks: nil, selection: selection)
        coverage = sample.coverage
        var touched: Set<UInt64> = []
        try step.forEachEvent(until: moment, selection: selection) { event in
            if case .entry(_, let flow) = event.content { touched.insert(flow.fingerprint.value) }
        }
        self.touched = touched
        replay.beginReading(at: step.place.takenAt)
    }

    func next(where wanted: (borrowing Flow) -> Bool, _ body: (borrowing Flow) -> Void) throws(KernelStateError) -> Bool {
        if isPassing {
            let takenAt = step.place.takenAt
            isPassing = try sample.next(where: { _ in true }) { flow in
                if !touched.isEmpty, touched.contains(flow.fingerprint.value) { return replay.add(read: copy flow, at: takenAt) }
                matched += 1
                let flow = (copy flow).runDown(from: takenAt, to: moment)
                if wanted(flow) { body(flow) }
            }
            if !isPassing { try replayEvents() }
            return isPassing || !rest.isEmpty
        }
        for flow in rest.prefix(SnapshotSource.portion) where wanted(flow) { body(flow) }
        rest = rest.dropFirst(SnapshotSource.portion)
        return !rest.isEmpty
    }

    private func replayEvents() throws(KernelStateError) {
        coverage = sample.coverage
        try step.forEachEvent(until: moment, selection: selection) { replay.apply($0) }
        rest = replay.flows(at: moment)[...]
        if selection == nil { coverage.read = matched + rest.count }
        coverage.note(replay.loss, "before that moment")
    }
}

extension TableCoverage {
    /// Where events were lost, what they told of may be missing. A sample that is not complete itself stays the reason.
    mutating func note(_ loss: FlowReplay.Loss?, _ when: String) {
        guard let loss, complete else { return }
        complete = false
        reason = "\(loss.count) events were lost \(when)"
        wholeUntil = loss.since
    }
}
