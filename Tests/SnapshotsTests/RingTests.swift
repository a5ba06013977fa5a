import Glibc
import KernelState
import Testing

@testable import Snapshots

@Suite struct RingTests {
    private func segments(_ bytes: [UInt64]) -> [RecordingFolder.Segment] {
        bytes.enumerated().map { RecordingFolder.Segment(path: "\($0)", startedAt: UInt64($0) * 1_000, bytes: $1) }
    }

    @Test func `the oldest go until what comes has room, and the last never goes`() {
        let plan = RingPlan(size: 1_000)
        #expect(plan.surplus(of: segments([300, 300, 300]), reserve: 100, now: 5_000) == 0)
        #expect(plan.surplus(of: segments([300, 300, 300]), reserve: 101, now: 5_000) == 1)
        #expect(plan.surplus(of: segments([300, 300, 300]), reserve: 500, now: 5_000) == 2)
        #expect(plan.surplus(of: segments([300, 300, 300]), reserve: 5_000, now: 5_000) == 2)
        #expect(plan.surplus(of: segments([5_000]), reserve: 1, now: 5_000) == 0)
        #expect(plan.surplus(of: [], reserve: 1, now: 5_000) == 0)
    }

    @Test func `what ended before the time to keep goes, however much room there is`() {
        let plan = RingPlan(size: 1_000_000, keep: 2_500)
        // The segments begin at 0, 1000, 2000, 3000; each ends where the next begins.
        #expect(plan.surplus(of: segments([1, 1, 1, 1]), reserve: 0, now: 3_500) == 0)
        #expect(plan.surplus(of: segments([1, 1, 1, 1]), reserve: 0, now: 4_600) == 2)
        #expect(plan.surplus(of: segments([1, 1, 1, 1]), reserve: 0, now: 100_000) == 3)
        #expect(plan.surplus(of: segments([1, 1, 1, 1]), reserve: 0, now: 100) == 0)
    }

    @Test func `a segment ends at its share, after an hour, and when the clock was put back`() {
        let plan = RingPlan(size: 16_000)
        #expect(!plan.isFull(bytes: 999, startedAt: 10, now: 20))
        #expect(plan.isFull(bytes: 1_000, startedAt: 10, now: 20))
        #expect(plan.isFull(bytes: 1, startedAt: 10, now: 10 + 3_600_000_000_000))
        #expect(plan.isFull(bytes: 1, startedAt: 10, now: 9))
        #expect(RingPlan(size: 16_000, keep: 160).isFull(bytes: 1, startedAt: 10, now: 20))
    }

    @Test func `samples come less often the more they cost, and as asked for again once they are cheap`() {
        var pace = SamplePace(every: 10)
        pace.note(cost: 0.05)
        #expect(pace.interval == 10 && !pace.isStretched)
        pace.note(cost: 3)
        #expect(pace.interval == 300 && pace.isStretched)
        pace.note(cost: 0.01)
        #expect(pace.interval == 10 && !pace.isStretched)
    }

    @Test func `names of segments tell their start, and no other name is one`() {
        let folder = RecordingFolder(path: "/x")
        let start: UInt64 = 1_795_489_200_007_000_000
        #expect(folder.segment(at: start) == "/x/record-20261124T030000.007Z.kstate")
        #expect(RecordingFolder.start(of: "record-20261124T030000.007Z.kstate") == start)
        for name in [
            "record-.kstate", "record-20261124T030000.007Z.kstate-wal", "a.kstate", "record-2026112aT030000.007Z.kstate", "record-20261124.kstate",
            "record-99991124T030000.007Z.kstate",
        ] {
            #expect(RecordingFolder.start(of: name) == nil, "\(name)")
        }
    }

    @Test func `a directory has one recorder, a file is none, and other files stay`() throws {
        let folder = try TemporaryFolder()
        let size: UInt64 = 4 << 20
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: size), program: "test")
        #expect { try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 20), program: "test") } throws: {
            "\($0)".contains("records there already")
        }
        var random = RandomRecords(seed: 5)
        let other = folder.file("incident.kstate")
        let writer = try SnapshotWriter(path: other, program: "test")
        try writer.add([MemorySource()])
        try writer.finish()
        #expect { try RecordingRing(path: other, plan: RingPlan(size: 1 << 20), program: "test") } throws: { "\($0)".contains("no directory") }
        var source = MemorySource()
        source.flows = (0..<500).map { _ in random.flow() }
        for _ in 0..<60 {
            source.place.takenAt += 10_000_000_000
            _ = try ring.addSample([source], at: source.place.takenAt)
            #expect(try RecordingFolder(path: folder.path).segments().reduce(0) { $0 + $1.bytes } < size)
        }
        #expect(try RecordingFolder(path: folder.path).segments()[0].startedAt > MemorySource().place.takenAt + 100_000_000_000)
        try ring.finish()
        #expect(folder.contents.contains("incident.kstate"))
        #expect(folder.contents.filter { $0.hasSuffix("-wal") }.isEmpty)
        let history = try SavedHistory(path: folder.path)
        #expect(history.extent.upperBound == source.place.takenAt)
        let end = try #require(try history.state(at: nil).first)
        #expect(try end.openConntrack(.confirmed, walks: nil).all().entries == source.flows)
    }

    @Test func `the first sample of a recording is there at its own time`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        let time = MemorySource().place.takenAt
        // The tables are read a moment after their place was taken.
        _ = try ring.addSample([MemorySource()], at: time + 2_000_000)
        try ring.finish()
        let history = try SavedHistory(path: folder.path)
        #expect(history.extent.lowerBound <= time)
        #expect(try history.state(at: time).map(\.place.takenAt) == [time])
    }

    @Test func `who reads a segment keeps every other process from folding its journal`() throws {
        let folder = try TemporaryFolder()
        let ring = try RecordingRing(path: folder.path, plan: RingPlan(size: 1 << 30), program: "test")
        _ = try ring.addSample([MemorySource()], at: MemorySource().place.takenAt)
        let segment = try #require(try RecordingFolder(path: folder.path).segments().first).path
        let reader = try SnapshotReader(path: segment)
        let answer = try Self.output(of: "sqlite3 '\(segment)' 'PRAGMA journal_mode = DELETE' 2>&1")
        #expect(answer.contains("locked"))
        #expect(folder.contents.contains { $0.hasSuffix("-wal") })
        withExtendedLifetime((ring, reader)) {}
    }

    /// What a shell command prints.
    static func output(of command: String) throws -> String {
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, pipe)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
