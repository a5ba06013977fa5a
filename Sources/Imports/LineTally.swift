/// How the lines of one text were read.
public struct LineTally: Sendable {
    /// As many unreadable lines are kept to be shown.
    private static let linesKept = 5
    /// Bytes of a line that are kept.
    private static let bytesKept = 160

    /// A line that could not be read: its number, counted from 1, and its text as far as it is kept.
    public struct UnreadableLine: Sendable {
        public var number: Int
        public var text: String
    }

    public let text: SavedText
    public internal(set) var entries = 0
    public private(set) var unreadable = 0
    /// The first of them.
    public private(set) var examples: [UnreadableLine] = []

    /// Why the text ended before its end; nil where it did not.
    public internal(set) var damage: String?

    /// True when all of the text was read.
    public var isWhole: Bool { unreadable == 0 && damage == nil }

    init(_ text: SavedText) { self.text = text }

    mutating func countUnreadable(_ line: Line) {
        unreadable += 1
        guard examples.count < Self.linesKept else { return }
        examples.append(UnreadableLine(number: line.number, text: String(decoding: line.bytes.prefix(Self.bytesKept), as: UTF8.self)))
    }

    /// `3 lines of FILE could not be read, the first is line 7: …`; nil when there is nothing to say.
    var complaint: String? {
        let complaints = [unreadableLines, damage.map { "\(text.path): \($0)" }].compactMap { $0 }
        return complaints.isEmpty ? nil : complaints.joined(separator: "; ")
    }

    private var unreadableLines: String? {
        guard let first = examples.first else { return nil }
        let lines = unreadable == 1 ? "1 line of \(text.path)" : "\(unreadable) lines of \(text.path)"
        return "\(lines) could not be read, the first is line \(first.number): \(first.text)\(hint(on: first))"
    }

    /// What to save where ipvsadm has written names of hosts and ports, as it does without `-n`.
    private func hint(on line: UnreadableLine) -> String {
        guard let command = text.kind.numericCommand,
            line.text.split(separator: " ").contains(where: { $0.contains(":") && $0.contains { "g"..."z" ~= $0 } })
        else { return "" }
        return " (names stand in it: save what \(command) prints)"
    }
}
