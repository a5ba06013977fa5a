import KernelState
import Testing

@testable import Snapshots

/// A stretch of time is read as its last sample with what differs from it beside; here it is held against all of it, replayed in memory.
@Suite struct StretchTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = MemorySource().place.takenAt

    /// A table of thirty ports in which entries begin, change and end, half of them without an event, in samples of which some are torn.
    private func record(_ samples: Int, _ random: inout RandomRecords, in folder: TemporaryFolder) throws -> SavedHistory {
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        var table: [UInt16: Flow] = [:]
        var lastID: UInt32 = 0
        var source = MemorySource()
        for sample in 0..<samples {
            let sampled = start + UInt64(sample) * 10 * Self.second
            source.place.takenAt = sampled
            source.flows = table.values.sorted { $0.id < $1.id }
            source.coverage.complete = !random.happens(4)
            if !source.coverage.complete { source.flows.removeAll { _ in random.happens(2) } }
            _ = try ring.addSample([source], at: sampled)
            var events: [FlowEvent] = []
            for tenth in 1..<100 as Range<UInt64> {
                let port = UInt16(random.next() % 30)
                let kind: FlowEventKind
                let told: Flow
                if let known = table[port] {
                    kind = random.happens(2) ? .update : .destroy
                    told = flow(port, id: known.id, timeout: UInt32(random.next() % 600))
                    table[port] = kind == .update ? told : nil
                } else {
                    kind = .new
                    lastID += 1
                    told = flow(port, id: lastID)
                    table[port] = told
                }
                if random.happens(2) { events.append(FlowEvent(at: sampled + tenth * Self.second / 10, .entry(kind, told))) }
            }
            try ring.add(events, place: 0)
            _ = try ring.commit(at: sampled)
        }
        return try SavedHistory(path: folder.path)
    }

    private func replayed(_ history: SavedHistory, _ stretch: ClosedRange<UInt64>) throws -> [Flow] {
        let samples = try history.samples(in: 0...stretch.upperBound).compactMap { $0 as? SnapshotSource }
        let first = samples.lastIndex { $0.place.takenAt <= stretch.lowerBound } ?? 0
        var replay = FlowReplay(keepingEndedSince: stretch.lowerBound)
        for step in samples[first...] {
            let table = try step.openConntrack(.confirmed, walks: nil)
            replay.beginReading(at: step.place.takenAt)
            for flow in table.all().entries { replay.add(read: flow, at: step.place.takenAt) }
            if table.coverage.complete { replay.endReading(at: step.place.takenAt) }
            try step.forEachEvent(until: stretch.upperBound, selection: nil) { replay.apply($0) }
        }
        return replay.flows(at: stretch.upperBound)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `a stretch is what a replay of all of it is`(seed: UInt64) throws {
        var random = RandomRecords(seed: seed)
        let folder = try TemporaryFolder()
        let history = try record(5, &random, in: folder)
        for _ in 0..<20 {
            let since = start + random.next() % (40 * Self.second)
            let stretch = since...min(since + random.next() % (40 * Self.second), history.extent.upperBound)
            let table = try history.states(over: stretch)[0].openConntrack(.confirmed, walks: nil)
            let read = table.all()
            let expected = try replayed(history, stretch)
            func sorted(_ flows: [Flow]) -> [Flow] { flows.sorted { ($0.id, $0.status.rawValue) < ($1.id, $1.status.rawValue) } }
            #expect(read.error == nil && sorted(read.entries) == sorted(expected))
            #expect(table.coverage.read == expected.count)
            let dying = read.entries.map { $0.status.contains(.dying) }
            #expect(dying == dying.filter { !$0 } + dying.filter { $0 }, "what has ended stands after the others")
        }
    }

    @Test func `an entry that ends, and whose id the kernel gives to the next of its tuples, is both`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        var source = MemorySource()
        source.flows = [flow(1, id: 5)]
        _ = try ring.addSample([source], at: start)
        let events = [(1, FlowEventKind.destroy), (2, .new)].map { FlowEvent(at: start + $0 * Self.second, .entry($1, flow(1, id: 5))) }
        try ring.add(events, place: 0)
        _ = try ring.commit(at: start)
        source.place.takenAt = start + 10 * Self.second
        _ = try ring.addSample([source], at: source.place.takenAt)
        let stretch = try SavedHistory(path: folder.path).states(over: start...start + 10 * Self.second)[0]
        let lived = try stretch.openConntrack(.confirmed, walks: nil).all().entries
        #expect(lived.map { $0.status.contains(.dying) } == [false, true])
    }

    @Test func `a last sample whose reading ended early hands out all that lived, and then why`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        var source = MemorySource()
        source.flows = [flow(1, id: 1), flow(2, id: 2)]
        _ = try ring.addSample([source], at: start)
        source.place.takenAt = start + 10 * Self.second
        source.flows = [flow(2, id: 2)]
        source.dumpError = KernelStateError(operation: "reading the conntrack table", cause: "it broke")
        _ = try ring.addSample([source], at: source.place.takenAt)
        let stretch = try SavedHistory(path: folder.path).states(over: start...start + 10 * Self.second)[0]
        let read = try stretch.openConntrack(.confirmed, walks: nil).all()
        #expect(read.entries.map(\.id) == [2, 1] && read.entries.allSatisfy { !$0.status.contains(.dying) })
        #expect(read.error == source.dumpError)
    }
}
