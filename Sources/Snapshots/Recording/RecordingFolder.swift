internal import Glibc
internal import KernelState

/// The directory of a recording, with its segments: files named `record-` and the moment at which they begin.
///
/// Nothing else in the directory is looked at, and nothing else is ever removed.
struct RecordingFolder {
    struct Segment: Hashable {
        var path: String
        /// Nanoseconds since 1970, whole milliseconds.
        var startedAt: UInt64
        /// On the disk, with its journal.
        var bytes: UInt64
    }

    private static let prefix = "record-"
    private static let suffix = ".kstate"
    private static let journals = ["-wal", "-shm"]

    let path: String

    /// The segments in the order of time.
    func segments() throws(KernelStateError) -> [Segment] {
        var segments: [Segment] = []
        for name in try DirectoryNames.all(in: path) {
            guard let start = Self.start(of: name) else { continue }
            let segment = "\(path)/\(name)"
            let bytes = ([""] + Self.journals).reduce(UInt64(0)) { $0 + Self.size(of: segment + $1) }
            segments.append(Segment(path: segment, startedAt: start, bytes: bytes))
        }
        return segments.sorted { $0.startedAt < $1.startedAt }
    }

    /// True where a recorder has written into the directory.
    var isRecording: Bool { (try? segments().isEmpty) == false }

    /// The path of a segment that begins at `start`.
    func segment(at start: UInt64) -> String { "\(path)/\(Self.prefix)\(Self.text(of: start))\(Self.suffix)" }

    /// A segment's start, as its name tells it; and other times of a recorder.
    static func text(of start: UInt64) -> String {
        var seconds = time_t(start / 1_000_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let numbers = [parts.tm_year + 1_900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec].map(Int.init)
        let words = zip(numbers, [4, 2, 2, 2, 2, 2]).map { padded($0, $1) }
        let milliseconds = padded(Int(start / 1_000_000 % 1_000), 3)
        return "\(words[..<3].joined())T\(words[3...].joined()).\(milliseconds)Z"
    }

    /// The start that a segment's name tells; nil for any other name.
    static func start(of name: String) -> UInt64? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        return time(of: name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count))
    }

    /// What ``text(of:)`` has made a text of; nil for any other.
    static func time(of text: some Sequence<UInt8>) -> UInt64? {
        let text = Array(text)
        guard text.count == 20, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "."), text[19] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int32? { Int32(String(decoding: text[range], as: UTF8.self)) }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), let milliseconds = number(16..<19), year < 2_262
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1_900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        guard let nanoseconds = UInt64(nanosecondsOf: timegm(&parts)), milliseconds >= 0 else { return nil }
        return nanoseconds + UInt64(milliseconds) * 1_000_000
    }

    static func remove(_ segment: Segment) {
        for name in [""] + journals { unlink(segment.path + name) }
    }

    /// What killed recorders, and readers at the moment of a segment's end, have left in journals goes into the files.
    ///
    /// - Parameter current: the segment that is being written.
    func foldJournals(except current: String?) {
        for segment in (try? segments()) ?? [] where segment.path != current && Self.exists(segment.path + Self.journals[0]) {
            _ = SnapshotDatabase.foldJournal(of: segment.path)
        }
    }

    private static func size(of path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_blocks) * 512 : 0
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
