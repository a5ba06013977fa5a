/// What became of each text that was read, for whoever says so.
public final class ImportLog {
    private var tallies: [String: LineTally] = [:]

    init() {}

    /// The last reading of each text, by path.
    public var readings: [LineTally] { tallies.values.sorted { $0.text.path < $1.text.path } }

    func reading(of text: SavedText) -> LineTally? { tallies[text.path] }

    func note(_ tally: LineTally) { tallies[tally.text.path] = tally }
}
