internal import Glibc
public import KernelState

/// What was saved, at any of its moments: a snapshot's file, with one sample or several, or a recorder's directory.
public final class SavedHistory {
    public let path: String
    /// A recorder's directory, in which events tell what became of a sample.
    public let isRecording: Bool
    /// Nanoseconds since 1970: the first sample, and the last thing that is told.
    public let extent: ClosedRange<UInt64>
    private var parts: [Part]
    private let verifies: Bool

    private struct Part {
        let path: String
        /// Not after its first sample.
        let startedAt: UInt64
        /// Nil until it is needed.
        var reader: SnapshotReader?
    }

    /// - Parameters:
    ///   - path: of the file or directory.
    ///   - verifies: whether every byte is looked at, so that a damaged file is an error.
    /// - Throws: where it cannot be read, or holds no sample.
    public init(path: String, verifies: Bool = true) throws(KernelStateError) {
        self.path = path
        self.verifies = verifies
        isRecording = DirectoryNames.exist(at: path)
        var parts: [Part] = []
        if isRecording {
            parts = try RecordingFolder(path: path).segments().map { Part(path: $0.path, startedAt: $0.startedAt) }
        } else {
            let reader = try SnapshotReader(path: path, verifies: verifies)
            parts = [Part(path: path, startedAt: reader.samples.first?.takenAt ?? 0, reader: reader)]
        }
        // The last part of a recording may have been begun just now, or its recorder been killed before the first sample.
        while let last = parts.last {
            if last.reader == nil { parts[parts.count - 1].reader = try Self.reader(last.path, verifies) }
            if parts[parts.count - 1].reader?.samples.isEmpty == false { break }
            parts.removeLast()
        }
        guard let first = parts.first, let end = parts.last?.reader?.end else {
            throw KernelStateError(
                operation: "reading \(path)", cause: "it holds nothing",
                remedy: isRecording ? "give the directory of a recorder, or a file" : "take a snapshot")
        }
        extent = first.startedAt...max(first.startedAt, end)
        self.parts = parts
    }

    /// True for the directory of a recorder.
    public static func isRecording(_ path: String) -> Bool { DirectoryNames.exist(at: path) && RecordingFolder(path: path).isRecording }

    /// The files that hold something of a stretch of time, in its order.
    public func readers(in stretch: ClosedRange<UInt64>) throws(KernelStateError) -> [SnapshotReader] {
        var readers: [SnapshotReader] = []
        for index in parts.indices where parts[index].startedAt <= stretch.upperBound {
            if index + 1 < parts.count, parts[index + 1].startedAt < stretch.lowerBound { continue }
            if let reader = try open(index), !reader.samples.isEmpty { readers.append(reader) }
        }
        return readers
    }

    // MARK: Moments

    /// Every place as it was at a moment; nil is the end.
    ///
    /// Where nobody recorded at that moment, the tables are as they were before, and not complete.
    public func state(at moment: UInt64?) throws(KernelStateError) -> [any StateSource] {
        let known = min(moment ?? extent.upperBound, extent.upperBound)
        guard let found = try samples(through: known).last else { return [] }
        let sources = found.reader.sources(of: found.sample)
        guard isRecording else { return sources }
        return marked(sources.map { ReplayedSource([$0], since: nil, until: known) }, try moment.flatMap(gap(at:)))
    }

    /// Every place with all that lived in it in a stretch of time.
    public func states(over stretch: ClosedRange<UInt64>) throws(KernelStateError) -> [any StateSource] {
        let until = min(stretch.upperBound, extent.upperBound)
        let series = Place.grouping(try sources(over: stretch, withStart: true), by: \.place)
        // Without events a sample says nothing of the time after it.
        let lived = series.map { ReplayedSource($0, since: stretch.lowerBound, until: isRecording ? until : 0) }
        return marked(lived, try gap(in: stretch))
    }

    /// The samples taken in a stretch of time, a source for each of their places.
    public func samples(in stretch: ClosedRange<UInt64>) throws(KernelStateError) -> [any StateSource] {
        marked(try sources(over: stretch, withStart: false), try gap(in: stretch))
    }

    /// The last samples up to a moment, a source for each of their places.
    public func lastSamples(_ count: Int, until moment: UInt64) throws(KernelStateError) -> [any StateSource] {
        let sources = try samples(through: moment, atLeast: count).suffix(count).flatMap { $0.reader.sources(of: $0.sample) }
        return marked(sources, try gap(at: moment))
    }

    /// - Parameter withStart: the sample before the stretch too, which says how things stood as it began.
    private func sources(over stretch: ClosedRange<UInt64>, withStart: Bool) throws(KernelStateError) -> [SnapshotSource] {
        let samples = try samples(through: stretch.upperBound, from: stretch.lowerBound)
        let start = samples.lastIndex { $0.sample.takenAt <= stretch.lowerBound }
        return samples.enumerated()
            .filter { $0.element.sample.takenAt >= stretch.lowerBound || (withStart && $0.offset == start) }
            .flatMap { $0.element.reader.sources(of: $0.element.sample) }
    }

    // MARK: Gaps

    private func marked(_ sources: [any StateSource], _ gap: RecordingGap?) -> [any StateSource] {
        guard let gap else { return sources }
        return sources.map { GappedSource($0, gap) }
    }

    private func gap(at moment: UInt64) throws(KernelStateError) -> RecordingGap? { try gap(in: moment...moment) }

    /// The first time in a stretch at which nobody recorded; nil where there was none, and for what is no recording.
    ///
    /// - Parameter stretch: to `UInt64.max` for the end, whenever that is.
    private func gap(in stretch: ClosedRange<UInt64>) throws(KernelStateError) -> RecordingGap? {
        guard isRecording else { return nil }
        var gaps: [RecordingGap] = []
        var earlier: SnapshotReader?
        for index in (try lastPart(at: stretch.lowerBound) ?? 0)..<parts.count {
            guard let reader = try open(index), let first = reader.samples.first else { continue }
            if let earlier, earlier.run != reader.run { gaps.append(RecordingGap(from: earlier.wholeUntil, to: first.takenAt)) }
            earlier = reader
            if reader.wholeUntil >= stretch.upperBound { break }
        }
        if let earlier, stretch.upperBound < .max {
            // Until its next sample is due, a recorder that runs may have nothing to tell.
            let due = earlier.wholeUntil + (earlier.hasEnded ? 0 : try lastInterval())
            if due < stretch.upperBound { gaps.append(RecordingGap(from: earlier.wholeUntil, to: nil)) }
        }
        gaps.removeAll { !$0.overlaps(stretch) }
        guard var found = gaps.first else { return nil }
        found.others = gaps.count - 1
        return found
    }

    /// The last part with a sample that begins by then.
    private func lastPart(at moment: UInt64) throws(KernelStateError) -> Int? {
        for index in parts.indices.reversed() where parts[index].startedAt <= moment {
            if try open(index)?.samples.isEmpty == false { return index }
        }
        return nil
    }

    /// Nanoseconds from the last sample but one to the last, where one recorder took both.
    private func lastInterval() throws(KernelStateError) -> UInt64 {
        let last = try samples(through: .max, atLeast: 2).suffix(2)
        guard let first = last.first, let second = last.last, first.reader.run == second.reader.run else { return 0 }
        return max(first.sample.takenAt, second.sample.takenAt) - first.sample.takenAt
    }

    // MARK: Parts

    private struct FoundSample {
        let reader: SnapshotReader
        let sample: SnapshotSample
    }

    /// The samples up to a moment in the order of time: of so many parts, from the latest back, that those from `start` on, the one before
    /// it, and `count` are among them.
    private func samples(
        through moment: UInt64, from start: UInt64 = .max, atLeast count: Int = 1
    ) throws(KernelStateError) -> [FoundSample] {
        var found: [FoundSample] = []
        for index in parts.indices.reversed() where parts[index].startedAt <= moment {
            if found.count >= count, let first = found.first, first.sample.takenAt <= start { break }
            guard let reader = try open(index) else { continue }
            found = reader.samples.filter { $0.takenAt <= moment }.map { FoundSample(reader: reader, sample: $0) } + found
        }
        return found
    }

    private func open(_ index: Int) throws(KernelStateError) -> SnapshotReader? {
        if let reader = parts[index].reader { return reader }
        let reader = try Self.reader(parts[index].path, verifies)
        parts[index].reader = reader
        return reader
    }

    /// Nil for a part that the recorder has removed since, or not begun to write.
    private static func reader(_ path: String, _ verifies: Bool) throws(KernelStateError) -> SnapshotReader? {
        do throws(KernelStateError) {
            return try SnapshotReader(path: path, verifies: verifies)
        } catch {
            if error.code == ENODATA || access(path, F_OK) != 0 { return nil }
            throw error
        }
    }
}
