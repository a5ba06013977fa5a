internal import KernelState

/// What became of each text that was read, for whoever says so.
public final class ImportLog {
    private var tallies: [String: LineTally] = [:]

    init() {}

    /// The last reading of each text, by path.
    public var readings: [LineTally] { tallies.values.sorted { $0.text.path < $1.text.path } }

    func reading(of text: SavedText) -> LineTally? { tallies[text.path] }

    func note(_ tally: LineTally) { tallies[tally.text.path] = tally }

    /// Hands every line of a text that fits into the memory to a parser, and notes how they were read.
    ///
    /// - Returns: the parser, with what it has read.
    func read<Parser: LineParser<Void>>(_ text: SavedText, by parser: Parser) throws(KernelStateError) -> Parser {
        var parser = parser
        let reader = try LineReader(path: text.path)
        var tally = LineTally(text)
        while let line = try reader.next() {
            switch parser.parse(line) {
            case .entry: tally.entries += 1
            case .nothing: break
            case .unreadable: tally.countUnreadable(line)
            }
        }
        tally.damage = reader.damage
        note(tally)
        return parser
    }
}
