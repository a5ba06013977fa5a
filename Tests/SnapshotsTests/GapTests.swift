import KernelState
import Testing

@testable import Snapshots

/// Times of a recording at which no recorder ran.
@Suite struct GapTests {
    private static let second: UInt64 = 1_000_000_000
    private let start = MemorySource().place.takenAt

    private func time(_ seconds: UInt64) -> UInt64 { start + seconds * Self.second }

    /// Samples at seconds of the recording, each with an event half a second after it, as of a recorder that is then killed.
    private func run(_ seconds: [UInt64], size: UInt64 = 1 << 30, in folder: TemporaryFolder) throws {
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: size), program: "test")
        for second in seconds { try sample(ring, second) }
    }

    private func sample(_ ring: RecordingRing, _ second: UInt64) throws {
        var source = MemorySource()
        (source.place.takenAt, source.flows) = (time(second), [flow(1)])
        _ = try ring.addSample([source], at: time(second))
        try ring.add([FlowEvent(at: time(second) + Self.second / 2, .entry(.new, flow(UInt16(second + 2))))], place: 0)
        _ = try ring.commit(at: time(second))
    }

    private func conntrack(_ sources: [any StateSource]) throws -> TableCoverage {
        let table = try #require(sources.last).openConntrack(.confirmed, walks: nil)
        _ = table.all()
        return table.coverage
    }

    private func conntrack(_ folder: TemporaryFolder, at moment: UInt64) throws -> TableCoverage {
        try conntrack(SavedHistory(path: folder.path).state(at: moment))
    }

    @Test func `a moment at which no recorder ran is not answered as the truth`() throws {
        let folder = try TemporaryFolder()
        try run([0, 10], in: folder)
        try run([60, 70], in: folder)
        for moment in [time(0), time(5), time(10), time(10) + Self.second / 2, time(60), time(65), time(70)] {
            #expect(try conntrack(folder, at: moment).complete, "\((moment - start) / Self.second)")
        }
        for moment in [time(11), time(30), time(60) - 1] {
            let coverage = try conntrack(folder, at: moment)
            #expect(!coverage.complete)
            #expect(coverage.reason == "nothing was recorded from 2025-11-23T23:32:20.623Z to 2025-11-23T23:33:10.123Z", "\(coverage)")
            #expect(coverage.wholeUntil == time(10) + Self.second / 2 + 1_000_000)
            let history = try SavedHistory(path: folder.path)
            let rows = try #require(try history.state(at: moment).first).openIPVS()
            #expect(!rows.coverage.complete && rows.coverage.reason == coverage.reason)
            #expect(try !conntrack(history.lastSamples(3, until: moment)).complete)
        }
        let history = try SavedHistory(path: folder.path)
        #expect(try conntrack(history.state(at: nil)).complete)
        #expect(try conntrack(history.lastSamples(3, until: .max)).complete)
    }

    @Test func `a stretch with a time in it at which no recorder ran is not complete`() throws {
        let folder = try TemporaryFolder()
        try run([0, 10], in: folder)
        try run([60], in: folder)
        try run([100, 110], in: folder)
        let history = try SavedHistory(path: folder.path)
        func isWhole(_ since: UInt64, _ until: UInt64?) throws -> Bool {
            let stretch = since...(until ?? .max)
            let coverages = try [conntrack(history.states(over: stretch)), conntrack(history.samples(in: stretch))]
            #expect(coverages[0].complete == coverages[1].complete)
            return coverages[0].complete
        }
        #expect(try isWhole(time(0), time(10)))
        #expect(try isWhole(time(100) - time(100) % 1_000_000, nil))
        #expect(try isWhole(time(105), nil))
        #expect(try !isWhole(time(0), time(60)))
        #expect(try !isWhole(time(30), time(60)))
        #expect(try !isWhole(time(70), nil))
        let all = try conntrack(history.states(over: 0...UInt64.max))
        #expect(all.reason == "nothing was recorded from 2025-11-23T23:32:20.623Z to 2025-11-23T23:33:10.123Z, nor at 1 later time")
    }

    @Test func `one recorder's next file begins without a gap, however rare events are`() throws {
        let folder = try TemporaryFolder()
        // An hour ends a segment.
        try run([0, 3_600, 7_200], in: folder)
        #expect(try RecordingFolder(path: folder.path).segments().count == 3)
        #expect(try conntrack(folder, at: time(1_800)).complete)
        let history = try SavedHistory(path: folder.path)
        #expect(try conntrack(history.states(over: time(0)...UInt64.max)).complete)
        #expect(Set(try history.readers(in: 0...UInt64.max).map(\.run)) == ["20251123T233210.123Z"])
    }

    @Test func `files of before runs were noted are believed, until a recorder of now goes on`() throws {
        let folder = try TemporaryFolder()
        for second in [0, 60] as [UInt64] {
            try run([second], in: folder)
            let last = try #require(try RecordingFolder(path: folder.path).segments().last)
            #expect(try RingTests.output(of: "sqlite3 '\(last.path)' \"DELETE FROM snapshot WHERE name = 'run'\" 2>&1") == "")
        }
        try run([120], in: folder)
        #expect(try conntrack(folder, at: time(30)).complete)
        #expect(try !conntrack(folder, at: time(90)).complete)
    }

    @Test func `what comes after the recording's end was not recorded, once its next sample was due`() throws {
        let folder = try TemporaryFolder()
        try run([0, 10], in: folder)
        #expect(try conntrack(folder, at: time(15)).complete)
        let late = try conntrack(folder, at: time(30))
        #expect(!late.complete && late.reason == "nothing was recorded after 2025-11-23T23:32:20.623Z")
        let history = try SavedHistory(path: folder.path)
        #expect(try !conntrack(history.states(over: time(0)...time(30))).complete)
        #expect(try conntrack(history.states(over: time(0)...UInt64.max)).complete)
    }

    @Test func `a recorder that was not killed says when it ended`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        for second in [0, 2_000] as [UInt64] { try sample(ring, second) }
        try ring.finish(at: time(3_000))
        #expect(try conntrack(folder, at: time(2_999)).complete)
        let late = try conntrack(folder, at: time(3_001))
        #expect(late.reason == "nothing was recorded after 2025-11-24T00:22:10.123Z" && late.wholeUntil == time(3_000) + 1_000_000)
    }

    @Test func `a disk without room is a gap of one recorder`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        for second in [0, 3_600] as [UInt64] { try sample(ring, second) }
        _ = try ring.giveWay(to: KernelStateError(operation: "writing", cause: "full", code: 28))
        try sample(ring, 3_700)
        #expect(try !conntrack(folder, at: time(3_650)).complete)
        #expect(try conntrack(folder, at: time(3_700)).complete)
    }

    @Test func `events that were lost before a gap stay the reason`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        try sample(ring, 0)
        try ring.add([FlowEvent(at: time(1), .lost(7))], place: 0)
        _ = try ring.commit(at: time(1))
        #expect(try conntrack(folder, at: time(5)).reason == "7 events were lost before that moment")
        #expect(try conntrack(folder, at: time(5)).wholeUntil == time(1))
    }
}
