import KernelState
import Testing

@testable import Snapshots

@Suite struct ReplayTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = MemorySource().place.takenAt

    private func ports(_ source: any StateSource, _ selection: PortSelection? = nil) throws -> [UInt16] {
        try source.openConntrack(.confirmed, walks: nil, selection: selection).all().entries.compactMap { $0.original.sourceEndpoint.port }
    }

    /// A sample with the entries 1 and 2, events, and a sample ten seconds later, which a killed recorder has left.
    private func recorded(_ events: [FlowEvent], _ later: [Flow], _ folder: TemporaryFolder) throws -> SavedHistory {
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        var source = MemorySource()
        source.flows = [flow(1), flow(2)]
        _ = try ring.addSample([source], at: start)
        try ring.add(events, place: 0)
        _ = try ring.commit(at: start)
        source.place.takenAt = start + 10 * Self.second
        source.flows = later
        _ = try ring.addSample([source], at: source.place.takenAt)
        return try SavedHistory(path: folder.path)
    }

    @Test func `a moment is the sample before it with the events up to it`() throws {
        let folder = try TemporaryFolder()
        let events = [
            FlowEvent(at: start + Self.second, .entry(.new, flow(3))),
            FlowEvent(at: start + 2 * Self.second, .entry(.destroy, flow(1, timeout: nil))),
            FlowEvent(at: start + 3 * Self.second, .entry(.destroy, flow(3, timeout: nil))),
            FlowEvent(at: start + 4 * Self.second, .entry(.new, flow(1, id: 9))),
        ]
        let history = try recorded(events, [flow(2), flow(1, id: 9)], folder)
        func ports(at seconds: UInt64) throws -> [UInt16] { try self.ports(try history.state(at: start + seconds * Self.second)[0]) }
        #expect(try ports(at: 0) == [1, 2])
        #expect(try ports(at: 1) == [1, 2, 3])
        #expect(try ports(at: 2) == [2, 3])
        #expect(try ports(at: 3) == [2])
        #expect(try ports(at: 4) == [2, 1])
        #expect(try ports(at: 10) == [2, 1])
        #expect(try history.state(at: start + 4 * Self.second)[0].place.takenAt == start + 4 * Self.second)
        let selection = PortSelection(ports: [3], destinations: [])
        #expect(try self.ports(try history.state(at: start + Self.second)[0], selection) == [3])
    }

    @Test func `a stretch shows all that lived in it, and marks what has ended`() throws {
        let folder = try TemporaryFolder()
        let events = [
            FlowEvent(at: start + Self.second, .entry(.new, flow(3))),
            FlowEvent(at: start + 3 * Self.second, .entry(.destroy, flow(3, timeout: nil))),
            FlowEvent(at: start + 4 * Self.second, .entry(.new, flow(4))),
        ]
        // 1 has gone without an event.
        let history = try recorded(events, [flow(2), flow(4)], folder)
        func lived(_ since: UInt64, _ until: UInt64) throws -> [UInt16: Bool] {
            let source = try history.states(over: start + since * Self.second...start + until * Self.second)[0]
            let flows = try source.openConntrack(.confirmed, walks: nil).all().entries
            return Dictionary(uniqueKeysWithValues: flows.map { ($0.original.sourceEndpoint.port ?? 0, $0.status.contains(.dying)) })
        }
        #expect(try lived(0, 2) == [1: false, 2: false, 3: false])
        #expect(try lived(2, 5) == [1: false, 2: false, 3: true, 4: false])
        #expect(try lived(4, 5) == [1: false, 2: false, 4: false])
        #expect(try lived(5, 10) == [1: true, 2: false, 4: false])
    }

    @Test func `a stretch marks the IPVS rows that the last sample has no more`() throws {
        func row(_ port: UInt16) -> IPVSConnection {
            let service = Endpoint(address: IPAddress(ipv4: 0x0a60_0001), port: 53)
            let backend = Endpoint(address: IPAddress(ipv4: 0x0af4_0001), port: 53)
            let client = Endpoint(address: IPAddress(ipv4: 0x0a00_0001), port: port)
            return IPVSConnection(transport: .tcp, client: client, service: service, backend: backend, state: .established, expires: 60)
        }
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        var source = MemorySource()
        // 2 goes, 3 goes and comes again, 4 comes; the last reading is torn and says of nothing that it has gone.
        let samples: [(ports: [UInt16], isWhole: Bool)] = [([1, 2, 3], true), ([1], true), ([1, 3, 4], true), ([1], false)]
        for (index, sample) in samples.enumerated() {
            source.place.takenAt = start + 10 * UInt64(index) * Self.second
            source.rows = sample.ports.map(row)
            source.coverage.complete = sample.isWhole
            _ = try ring.addSample([source], at: source.place.takenAt)
        }
        let history = try SavedHistory(path: folder.path)
        func lived(_ since: UInt64, _ until: UInt64) throws -> [IPVSConnection] {
            try history.states(over: start + since * Self.second...start + until * Self.second)[0].openIPVS().all().entries
        }
        func ended(_ rows: [IPVSConnection]) -> [UInt16: Bool] {
            Dictionary(uniqueKeysWithValues: rows.map { ($0.client.port ?? 0, $0.hasEnded) })
        }
        #expect(try ended(lived(0, 5)) == [1: false, 2: false, 3: false])
        #expect(try ended(lived(0, 15)) == [1: false, 2: true, 3: true])
        #expect(try ended(lived(0, 25)) == [1: false, 2: true, 3: false, 4: false])
        #expect(try ended(lived(0, 35)) == [1: false, 2: true, 3: false, 4: false])
        #expect(try ended(lived(12, 25)) == [1: false, 3: false, 4: false])
        let last = try #require(try lived(0, 25).last)
        #expect(last.client.port == 2 && last.expires == 0 && last.state == .established)
        #expect(try history.state(at: start + 15 * Self.second)[0].openIPVS().all().entries == [row(1)])
    }

    @Test func `many short connections leave what lives, in its order`() {
        var replay = FlowReplay(keepingEndedSince: nil)
        for port in 0..<10_000 as Range<UInt16> {
            replay.apply(FlowEvent(at: 1, .entry(.new, flow(port))))
            if port % 100 != 0 { replay.apply(FlowEvent(at: 2, .entry(.destroy, flow(port)))) }
        }
        replay.apply(FlowEvent(at: 3, .entry(.destroy, flow(0))))
        replay.apply(FlowEvent(at: 3, .entry(.update, flow(200, timeout: 7))))
        let left = replay.flows(at: 3)
        #expect(left.map { $0.original.sourceEndpoint.port } == (1..<100).map { UInt16($0 * 100) })
        #expect(left[1].timeout == 7)
    }

    @Test func `an event completes what was known, and timers run down`() throws {
        var known = flow(1)
        known.start = 77
        known.counters = FlowCounters()
        var replay = FlowReplay(keepingEndedSince: nil)
        replay.beginReading(at: 0)
        replay.add(read: known, at: 0)
        replay.endReading(at: 0)
        var told = flow(1, timeout: 60)
        told.state = .tcp(.established)
        replay.apply(FlowEvent(at: 5 * Self.second, .entry(.update, told)))
        let now = try #require(replay.flows(at: 15 * Self.second).first)
        #expect(now.timeout == 50 && now.start == 77 && now.counters != nil && now.state == .tcp(.established))
        #expect(replay.flows(at: 500 * Self.second).first?.timeout == 0)
        // A message about another entry of the same tuples ends nothing.
        replay.apply(FlowEvent(at: 6 * Self.second, .entry(.destroy, flow(1, id: 8))))
        #expect(replay.flows(at: 0).count == 1)
    }

    @Test func `more events lost than can be counted are no reason to trap`() {
        var replay = FlowReplay(keepingEndedSince: nil)
        for _ in 0..<2 { replay.apply(FlowEvent(at: 1, .lost(.max))) }
        #expect(replay.loss?.count == .max)
    }

    @Test func `lost events make the table incomplete until the next sample`() throws {
        let folder = try TemporaryFolder()
        let history = try recorded([FlowEvent(at: start + Self.second, .lost(7))], [flow(2)], folder)
        func coverage(at seconds: UInt64) throws -> TableCoverage {
            let table = try history.state(at: start + seconds * Self.second)[0].openConntrack(.confirmed, walks: nil)
            _ = table.all()
            return table.coverage
        }
        #expect(try coverage(at: 0).complete)
        #expect(try !coverage(at: 5).complete)
        #expect(try coverage(at: 5).reason == "7 events were lost before that moment")
        #expect(try coverage(at: 5).wholeUntil == start + Self.second)
        #expect(try coverage(at: 10).complete)
        let stretch = try history.states(over: start...start + 10 * Self.second)[0]
        let table = try stretch.openConntrack(.confirmed, walks: nil)
        _ = table.all()
        #expect(table.coverage.reason == "7 events were lost in that time")
    }

    @Test func `every field of an event's entry comes back`() throws {
        var random = RandomRecords(seed: 7)
        let flows = (0..<2_000).map { _ in random.flow() }
        let folder = try TemporaryFolder()
        let events = flows.enumerated().map { FlowEvent(at: start + UInt64($0), .entry([.new, .update][$0 % 2], $1)) }
        let history = try recorded(events, [], folder)
        let reader = try #require(try history.readers(in: 0...UInt64.max).first)
        #expect(try reader.events() == (2_000, 0))
        var read: [FlowEvent] = []
        let source = try #require(reader.sources(of: reader.samples[0]).first)
        try source.forEachEvent(until: .max, selection: nil) { read.append($0) }
        #expect(read == events)
    }
}

extension FlowReplay {
    /// All that is known, in its order.
    func flows(at time: UInt64) -> [Flow] {
        var flows: [Flow] = []
        forEach(in: steps, at: time) { flows.append($0) }
        return flows
    }
}
