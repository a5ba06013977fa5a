internal import Glibc
public import KernelState

/// Writes a recording: samples and conntrack's events into a directory of bounded size, oldest out first.
///
/// What was added before the last ``commit(at:)`` survives the process, however that ends.
public final class RecordingRing {
    private let folder: RecordingFolder
    private let lock: RecordingLock
    private let plan: RingPlan
    private let program: String
    private var writer: SnapshotWriter?
    private var current: RecordingFolder.Segment?
    /// Whether the current segment has one for good.
    private var hasSample = false
    private var lastStart: UInt64
    private var bytesOfLastSample: UInt64 = 0
    private var notes: [String: String] = [:]
    /// The start of the first segment since which nothing was missed; nil until there is one.
    private var run: String?
    private var eventsUnweighed = 0
    private static let eventsBetweenWeighings = 4_096

    /// Takes a directory, which is made where it is not there.
    ///
    /// - Throws: where it cannot be written to, is no directory, or is another recorder's.
    public init(path: String, plan: RingPlan, program: String) throws(KernelStateError) {
        try Self.makeDirectory(path)
        lock = try RecordingLock(folder: path)
        folder = RecordingFolder(path: path)
        self.plan = plan
        self.program = program
        folder.foldJournals(except: nil)
        lastStart = try folder.segments().last?.startedAt ?? 0
    }

    private static func makeDirectory(_ path: String) throws(KernelStateError) {
        guard mkdir(path, 0o700) != 0 else { return }
        let code = errno
        var status = stat()
        guard code == EEXIST, stat(path, &status) == 0 else { throw KernelStateError(failed: "making the directory \(path)", errno: code) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw KernelStateError(
                operation: "recording into \(path)", cause: "it is there and no directory", remedy: "give a directory for the recording")
        }
    }

    /// Notes a property of this segment and of those after it.
    public func note(_ name: String, _ value: String) throws(KernelStateError) {
        notes[name] = value
        try writer?.note(name, value)
    }

    /// Reads every source and adds what it tells as one sample, for good; first makes room for it, in a new segment where the last is full.
    ///
    /// - Parameters:
    ///   - sources: the places to read.
    ///   - now: nanoseconds since 1970.
    public func addSample(_ sources: [any StateSource], at now: UInt64) throws(KernelStateError) -> [SavedPlace] {
        try makeRoom(now)
        if let current, plan.isFull(bytes: try currentBytes(), startedAt: current.startedAt, now: now) { try endSegment() }
        // A place is taken before the sample is written, and no segment begins after its first sample.
        let writer = try openWriter(min(now, sources.map(\.place.takenAt).min() ?? now))
        let before = try currentBytes()
        let saved = try writer.add(sources)
        try writer.commit()
        hasSample = true
        bytesOfLastSample = try max(currentBytes(), before) - before
        // It may have been larger than the one before it.
        try makeRoom(now)
        return saved
    }

    /// True once there is a segment for events, which begins with a sample.
    public var isWriting: Bool { writer != nil }

    /// Adds what conntrack told since the last sample.
    ///
    /// - Parameters:
    ///   - events: in the order of time.
    ///   - place: which of that sample's sources told it, counted from 0.
    public func add(_ events: [FlowEvent], place: Int) throws(KernelStateError) {
        try writer?.add(events, place: place)
        eventsUnweighed += events.count
    }

    /// Makes what was added part of the recording.
    ///
    /// - Returns: true when events alone have filled so much of the ring that the next segment should begin, with a sample.
    public func commit(at now: UInt64) throws(KernelStateError) -> Bool {
        try writer?.commit()
        guard eventsUnweighed >= Self.eventsBetweenWeighings else { return false }
        eventsUnweighed = 0
        try makeRoom(now)
        return try plan.isCrowded(bytes: currentBytes())
    }

    /// Ends the last segment.
    ///
    /// - Parameter end: until when all is told that there was to tell, in nanoseconds since 1970; nil where nobody knows.
    public func finish(at end: UInt64? = nil) throws(KernelStateError) {
        guard let writer else { return }
        if let end { try writer.note(SnapshotReader.endNote, RecordingFolder.text(of: end)) }
        try endSegment()
    }

    /// Leaves the segment that the disk had no room for, as it was at its last commit, and removes the oldest one.
    ///
    /// - Parameter failure: what writing to the disk threw.
    /// - Returns: a sentence for the operator.
    /// - Throws: `failure`, where it is no matter of room, or nothing older is left to remove. The newest segment is kept.
    public func giveWay(to failure: KernelStateError) throws(KernelStateError) -> String {
        guard failure.code == ENOSPC || failure.code == EDQUOT else { throw failure }
        writer = nil
        // What is told from now on until there is room is missing, as if no recorder had run.
        run = nil
        // Without a sample it is worth nothing, and must not be the one that is kept.
        if let current, !hasSample { RecordingFolder.remove(current) }
        current = nil
        let segments = try folder.segments()
        guard segments.count > 1 else {
            var failure = failure
            failure.remedy = "make room, or record to another disk: nothing older is left to remove"
            throw failure
        }
        RecordingFolder.remove(segments[0])
        folder.foldJournals(except: nil)
        return "the disk of \(folder.path) is full: removed its oldest part, \(segments[0].path)"
    }

    // MARK: Segments

    private func openWriter(_ time: UInt64) throws(KernelStateError) -> SnapshotWriter {
        if let writer { return writer }
        return try beginSegment(time)
    }

    private func beginSegment(_ time: UInt64) throws(KernelStateError) -> SnapshotWriter {
        // Names stay in order where the clock does not.
        let start = max(time / 1_000_000, lastStart / 1_000_000 + 1) * 1_000_000
        let path = folder.segment(at: start)
        let segment = RecordingFolder.Segment(path: path, startedAt: start, bytes: 0)
        do throws(KernelStateError) {
            let begun = try SnapshotWriter(segment: path, program: program)
            let run = run ?? RecordingFolder.text(of: start)
            for (name, value) in notes { try begun.note(name, value) }
            try begun.note(SnapshotReader.runNote, run)
            try begun.commit()
            (writer, current, lastStart, hasSample, self.run) = (begun, segment, start, false, run)
            return begun
        } catch {
            RecordingFolder.remove(segment)
            throw error
        }
    }

    private func endSegment() throws(KernelStateError) {
        let ending = writer
        writer = nil
        current = nil
        try ending?.finish()
        folder.foldJournals(except: nil)
    }

    /// Removes the oldest segments until the sample that comes, which is taken to be as large as the last, finds room.
    private func makeRoom(_ now: UInt64) throws(KernelStateError) {
        let segments = try folder.segments()
        // What is written stands in the journal first, and in its file beside that.
        let surplus = plan.surplus(of: segments, reserve: 2 * bytesOfLastSample + RingPlan.roomForEvents, now: now)
        for segment in segments.prefix(surplus) { RecordingFolder.remove(segment) }
    }

    private func currentBytes() throws(KernelStateError) -> UInt64 {
        guard let current else { return 0 }
        return try folder.segments().first { $0.path == current.path }?.bytes ?? 0
    }
}
