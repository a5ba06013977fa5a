internal import KernelState
public import Rendering

/// What has just become of a row of the live screen.
public enum LiveMark: Sendable {
    case none, new, changed, ending
}

/// A row of the live screen.
public struct LiveRow<Row: Sendable>: Sendable {
    public var row: Row
    public var mark: LiveMark

    public init(_ row: Row, mark: LiveMark) {
        self.row = row
        self.mark = mark
    }
}

/// Everything that the live screen shows.
public struct LiveModel<Shown: TableColumn>: Sendable {
    public var columns: [Shown]
    /// What a row is called, in the plural.
    public var noun: String
    /// What is watched, and where.
    public var title = ""
    /// Totals by state, coverage and notices: shown above the rows. A line is a warning when it needs the operator's eye.
    public var facts: [(text: String, isWarning: Bool)] = []
    /// The first rows, as many as the window reaches or more.
    public var rows: [LiveRow<Shown.Row>] = []
    /// How many rows there are in all.
    public var total = 0
    public var header = ReportHeader(places: [])
    public var sort = ""
    public var isPaused = false
    /// The first row shown.
    public var offset = 0

    public init(columns: [Shown], noun: String) {
        self.columns = columns
        self.noun = noun
    }
}

/// Draws a ``LiveModel`` as one frame: bytes that redraw the terminal in place, without flicker and without ever scrolling it.
public struct LiveScreen: Sendable {
    private let colour: Bool

    public init(colour: Bool) { self.colour = colour }

    /// The title, the heading, a row and the keys: what even the lowest window shows, at the cost of the facts.
    private static let linesKept = 4

    /// How many rows fit below the facts and above the keys.
    public static func visibleRows(_ model: LiveModel<some TableColumn>, height: Int) -> Int {
        max(0, height - visibleFacts(model, height: height).count - linesKept + 1)
    }

    /// The facts that fit: warnings stay longest.
    private static func visibleFacts(_ model: LiveModel<some TableColumn>, height: Int) -> [(text: String, isWarning: Bool)] {
        let excess = model.facts.count - max(0, height - linesKept)
        guard excess > 0 else { return model.facts }
        let byNeed = model.facts.indices.sorted { !model.facts[$0].isWarning && model.facts[$1].isWarning }
        let hidden = Set(byNeed.prefix(excess))
        return model.facts.indices.filter { !hidden.contains($0) }.map { model.facts[$0] }
    }

    public func frame(_ model: LiveModel<some TableColumn>, size: TerminalSize) -> [UInt8] {
        var output: [UInt8] = []
        var lines = 0
        output.append(contentsOf: "\u{1b}[?2026h\u{1b}[H".utf8)
        /// Every line ends with an erase to its end; the last is not followed by a newline, which would scroll.
        func line(_ style: String?, _ write: (inout [UInt8]) -> Void) {
            guard lines < size.rows else { return }
            if lines > 0 { output.append(contentsOf: "\r\n".utf8) }
            if colour, let style { output.append(contentsOf: style.utf8) }
            write(&output)
            output.append(contentsOf: (colour && style != nil ? "\u{1b}[0m\u{1b}[K" : "\u{1b}[K").utf8)
            lines += 1
        }
        func text(_ style: String?, _ words: String) { line(style) { Self.append(words, width: size.columns, to: &$0) } }

        text("\u{1b}[1m", model.title)
        for fact in Self.visibleFacts(model, height: size.rows) { text(fact.isWarning ? "\u{1b}[33m" : nil, fact.text) }
        drawRows(model, size, line)
        while lines < size.rows - 1 { line(nil) { _ in } }
        text("\u{1b}[2m", keys(model, size))
        output.append(contentsOf: "\u{1b}[J\u{1b}[?2026l".utf8)
        return output
    }

    private func drawRows(
        _ model: LiveModel<some TableColumn>, _ size: TerminalSize, _ line: (String?, (inout [UInt8]) -> Void) -> Void
    ) {
        let room = Self.visibleRows(model, height: size.rows)
        let visible = model.rows.dropFirst(model.offset).prefix(room)
        // Two columns at the left are for the marks.
        var layout = TableLayout(columns: model.columns, width: max(1, size.columns - 2), in: model.header)
        for row in visible { layout.fit(row.row) }
        line("\u{1b}[1m") { output in
            output.append(contentsOf: "  ".utf8)
            layout.heading(into: &output)
        }
        for row in visible {
            line(Self.style(row.mark)) { output in
                output.append(contentsOf: Self.sign(row.mark).utf8)
                layout.row(row.row, colour: colour && row.mark == .none, into: &output)
            }
        }
    }

    private func keys(_ model: LiveModel<some TableColumn>, _ size: TerminalSize) -> String {
        let room = Self.visibleRows(model, height: size.rows)
        let last = min(model.total, model.offset + room)
        let count = model.total == 0 ? "no" : "\(model.total)"
        let range = last > model.offset ? "\(model.offset + 1)-\(last) of \(count)" : "\(count) \(model.noun)"
        return "\(range)  q quit  s sort: \(model.sort)  \(model.isPaused ? "space go on (PAUSED)" : "space pause")  arrows scroll"
    }

    private static func sign(_ mark: LiveMark) -> String {
        switch mark {
        case .none: "  "
        case .new: "+ "
        case .changed: "~ "
        case .ending: "- "
        }
    }

    private static func style(_ mark: LiveMark) -> String? {
        switch mark {
        case .none: nil
        case .new: "\u{1b}[32m"
        case .changed: "\u{1b}[33m"
        case .ending: "\u{1b}[2m"
        }
    }

    /// Control characters made visible, and cut at the window's edge.
    private static func append(_ text: String, width: Int, to output: inout [UInt8]) {
        var visible: [UInt8] = []
        visible.appendVisible(text)
        output.append(contentsOf: String(String(decoding: visible, as: UTF8.self).prefix(width)).utf8)
    }
}
