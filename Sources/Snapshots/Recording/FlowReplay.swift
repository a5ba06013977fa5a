internal import KernelState

/// The conntrack table at a moment of a recording, made of a sample and what was told after it.
struct FlowReplay {
    private struct Known {
        var flow: Flow
        /// Nanoseconds since 1970, when the kernel told its timer.
        var toldAt: UInt64
        var reading: UInt32
        var hasEnded = false
    }

    /// In the order in which they were first met; nil where one has ended that is not kept.
    private var entries: [Known?] = []
    /// Of those that live.
    private var places: [UInt64: Int] = [:]
    private var gaps = 0
    private var reading: UInt32 = 0
    private let keepsEndedSince: UInt64?
    /// The entries of the sample that comes last, which tells more of them than anything before it; nil once it has come.
    private var later: FingerprintSet?
    /// Events that the kernel dropped, so that something may be missing; nil where it dropped none.
    private(set) var loss: Loss?

    struct Loss {
        var count: UInt64
        /// Nanoseconds since 1970, when the first of them was missed.
        let since: UInt64
    }

    /// - Parameter since: from when on entries that end are kept, in nanoseconds since 1970; nil keeps none.
    init(keepingEndedSince since: UInt64?) { keepsEndedSince = since }

    /// Begins to pass over what is told of entries that a later sample has too: it is not kept until then.
    mutating func passOver(_ later: FingerprintSet) { self.later = later }

    mutating func endPassingOver() { later = nil }

    // MARK: Samples

    mutating func beginReading(at time: UInt64) {
        reading += 1
        if keepsEndedSince.map({ time < $0 }) ?? true { loss = nil }
    }

    mutating func add(read flow: Flow, at time: UInt64) { update(flow, at: time) }

    /// Ends a complete reading: what it did not meet has ended without an event.
    mutating func endReading(at time: UInt64) {
        for index in entries.indices {
            if let known = entries[index], !known.hasEnded, known.reading != reading { end(index, known.flow, at: time) }
        }
    }

    // MARK: Events

    mutating func apply(_ event: FlowEvent) {
        switch event.content {
        case .lost(let count):
            let (sum, overflows) = count.addingReportingOverflow(loss?.count ?? 0)
            loss = Loss(count: overflows ? .max : sum, since: loss?.since ?? event.at)
        case .entry(.destroy, let flow):
            // One that ends, and that the later sample has, is another: where it took the same memory the kernel gave it the same id.
            if isToldLater(flow) {
                if let known = kept(ended: flow, at: event.at) { entries.append(known) }
                return
            }
            guard let index = places[flow.fingerprint.value], let known = entries[index], known.flow.id == flow.id else { return }
            end(index, flow.completed(by: known.flow), at: event.at)
        case .entry(_, let flow): update(flow, at: event.at)
        }
    }

    /// Ends another entry of the same tuples, whether or not an event said so.
    mutating func end(replacedBy flow: borrowing Flow, at time: UInt64) {
        guard !places.isEmpty, let index = places[flow.fingerprint.value], let known = entries[index], known.flow.id != flow.id else { return }
        end(index, known.flow, at: time)
    }

    private func isToldLater(_ flow: Flow) -> Bool { later?.contains(flow.identity) ?? false }

    private mutating func update(_ flow: Flow, at time: UInt64) {
        if isToldLater(flow) { return end(replacedBy: flow, at: time) }
        let name = flow.fingerprint.value
        if let index = places[name], let known = entries[index] {
            if known.flow.id == flow.id {
                entries[index] = Known(flow: flow.completed(by: known.flow), toldAt: time, reading: reading)
                return
            }
            // Another entry of the same tuples: the one before has ended, whether or not an event said so.
            end(index, known.flow, at: time)
        }
        if gaps > 1_000, gaps > entries.count / 2 { closeGaps() }
        places[name] = entries.count
        entries.append(Known(flow: flow, toldAt: time, reading: reading))
    }

    /// A stretch of many short connections takes the memory of those that live at once.
    private mutating func closeGaps() {
        entries.removeAll { $0 == nil }
        gaps = 0
        for (index, known) in entries.enumerated() {
            if let known, !known.hasEnded { places[known.flow.fingerprint.value] = index }
        }
    }

    private mutating func end(_ index: Int, _ last: Flow, at time: UInt64) {
        places[last.fingerprint.value] = nil
        entries[index] = kept(ended: last, at: time)
        if entries[index] == nil { gaps += 1 }
    }

    /// Marked `DYING`, as conntrack marks what it takes out of the table; nil for what ended before anybody asks.
    private func kept(ended last: Flow, at time: UInt64) -> Known? {
        guard let since = keepsEndedSince, time >= since else { return nil }
        var known = Known(flow: last, toldAt: time, reading: reading, hasEnded: true)
        known.flow.status.insert(.dying)
        known.flow.timeout = 0
        return known
    }

    // MARK: Outcome

    /// How many entries are known.
    var count: Int { entries.count - gaps }

    /// Steps that ``forEach(in:at:_:)`` takes: two rounds.
    var steps: Range<Int> { 0..<2 * entries.count }

    /// Hands out the entries that live, with their timers run down to `time`, and in a second round those that have ended.
    func forEach(in steps: Range<Int>, at time: UInt64, _ body: (Flow) -> Void) {
        for step in steps {
            let isSecondRound = step >= entries.count
            guard let known = entries[isSecondRound ? step - entries.count : step], known.hasEnded == isSecondRound else { continue }
            body(isSecondRound ? known.flow : known.flow.runDown(from: known.toldAt, to: time))
        }
    }
}

extension Flow {
    /// Tells the entry from another of the same tuples, before or after it.
    var identity: UInt64 {
        var identity = fingerprint
        identity.mix(UInt64(id))
        return identity.value
    }

    /// The entry with its timer as it is at `time`, if nothing has renewed it since it was told.
    func runDown(from toldAt: UInt64, to time: UInt64) -> Flow {
        guard let timeout, time > toldAt else { return self }
        var flow = self
        flow.timeout = timeout - UInt32(min(UInt64(timeout), (time - toldAt) / 1_000_000_000))
        return flow
    }
}
