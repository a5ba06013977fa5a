internal import KernelState

/// The entries of texts that hold the same table, each once.
final class TextEntries<Parser: LineParser>: EntrySource {
    typealias Entry = Parser.Entry

    /// As many lines are read before the caller is asked again.
    private static var portion: Int { 256 }

    private(set) var coverage = TableCoverage(available: true, complete: false)
    private let texts: [SavedText]
    private let makeParser: (SavedText) -> Parser
    private let fingerprint: (Entry) -> UInt64?
    private let log: ImportLog
    private var seen: FingerprintSet
    private var index = 0
    private var current: (reader: LineReader, parser: Parser, tally: LineTally)?

    /// - Parameters:
    ///   - texts: what tells most of an entry before what tells less: of several that have it, the first counts.
    ///   - alongside: how other texts of the same table were read.
    ///   - log: is told how the lines of each were read.
    ///   - fingerprint: names an entry; nil for one that the text does not tell apart from others.
    ///   - makeParser: makes the parser of a text.
    init(
        _ texts: [SavedText], alongside: [LineTally] = [], log: ImportLog, fingerprint: @escaping (Entry) -> UInt64?,
        makeParser: @escaping (SavedText) -> Parser
    ) {
        self.texts = texts
        self.log = log
        self.fingerprint = fingerprint
        self.makeParser = makeParser
        coverage.undecodable = alongside.reduce(0) { $0 + $1.unreadable }
        coverage.reason = alongside.compactMap(\.complaint).first
        seen = FingerprintSet(expected: (texts.map(\.size).max() ?? 0) / 160)
    }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        guard index < texts.count else {
            coverage.complete = coverage.reason == nil
            return false
        }
        var (reader, parser, tally) = try takeCurrent()
        for _ in 0..<Self.portion {
            guard let line = try reader.next() else {
                tally.damage = reader.damage
                finish(tally)
                return true
            }
            switch parser.parse(line) {
            case .entry(let entry):
                tally.entries += 1
                guard isFirst(entry) else { continue }
                coverage.read += 1
                if wanted(entry) { body(entry) }
            case .nothing: break
            case .unreadable: tally.countUnreadable(line)
            }
        }
        current = (reader, parser, tally)
        return true
    }

    /// False for an entry that was handed out before. What a text does not tell apart from others is taken of the first text alone:
    /// a further one has the same again.
    private func isFirst(_ entry: Entry) -> Bool {
        fingerprint(entry).map { seen.insert($0) } ?? (index == 0)
    }

    private func takeCurrent() throws(KernelStateError) -> (LineReader, Parser, LineTally) {
        if let current {
            self.current = nil
            return current
        }
        return (try LineReader(path: texts[index].path), makeParser(texts[index]), LineTally(texts[index]))
    }

    private func finish(_ tally: LineTally) {
        index += 1
        coverage.undecodable += tally.unreadable
        coverage.reason = coverage.reason ?? tally.complaint
        log.note(tally)
    }
}
