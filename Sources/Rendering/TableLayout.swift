/// Columns with their widths, and the rows that fit them: for the table format and for the live screen.
public struct TableLayout<Shown: TableColumn>: Sendable {
    private static var gap: Int { 2 }
    /// An address keeps its first and last few characters down to this width; then whole columns go.
    private static var narrowestAddress: Int { 11 }
    /// The expendability from which a column is a detail.
    private static var detail: Int { 4 }

    private let asked: [Shown]
    private let header: ReportHeader
    private let terminalWidth: Int?
    private var natural: [Int]
    private var cell: [UInt8] = []
    private var shown: [(index: Int, width: Int)] = []

    /// - Parameters:
    ///   - columns: what to show, in order.
    ///   - width: the terminal's columns, into which every row is made to fit; nil lets rows be as wide as they are.
    ///   - header: what the records refer to.
    public init(columns: [Shown], width: Int?, in header: ReportHeader = ReportHeader(places: [])) {
        asked = Shown.withPlaces(columns, in: header)
        self.header = header
        terminalWidth = width
        natural = asked.map(\.heading.utf8.count)
        shown = arranged()
    }

    /// Widens the columns for a row.
    public mutating func fit(_ row: Shown.Row) {
        var isWider = false
        for index in asked.indices {
            appendCell(index, row)
            let width = Self.displayWidth(cell[...])
            if width > natural[index] {
                natural[index] = width
                isWider = true
            }
        }
        if isWider { shown = arranged() }
    }

    private mutating func appendCell(_ index: Int, _ row: Shown.Row) {
        cell.removeAll(keepingCapacity: true)
        asked[index].appendCell(row, in: header, to: &cell)
    }

    /// Chooses which columns are shown, and how wide, on this terminal: first details go, then addresses lose their middles, the
    /// client's before the others', then whole columns go, the most expendable first. States and numbers are shown whole or not at all: half of
    /// one says something else.
    private func arranged() -> [(index: Int, width: Int)] {
        let everything = asked.indices.map { (index: $0, width: natural[$0]) }
        guard let terminalWidth else { return everything }
        var kept = everything
        // Timers and details go before an address loses anything.
        while narrowed(kept, to: terminalWidth, least: .max) == nil, let worst = Self.mostExpendable(kept.map { asked[$0.index] }),
            asked[kept[worst].index].expendability >= Self.detail
        {
            kept.remove(at: worst)
        }
        while true {
            if let fitting = narrowed(kept, to: terminalWidth, least: Self.narrowestAddress) { return fitting }
            guard kept.count > 2, let worst = Self.mostExpendable(kept.map { asked[$0.index] }) else { break }
            kept.remove(at: worst)
        }
        if let fitting = narrowed(kept, to: terminalWidth, least: 4) { return fitting }
        return kept.suffix(1).map { (index: $0.index, width: min($0.width, terminalWidth)) }
    }

    /// The columns with their addresses narrowed until all fit; nil when they cannot.
    private func narrowed(_ columns: [(index: Int, width: Int)], to width: Int, least: Int) -> [(index: Int, width: Int)]? {
        var columns = columns
        var excess: Int { columns.reduce(Self.gap * (columns.count - 1) - width) { $0 + $1.width } }
        for step in [2, 1] {
            while excess > 0,
                let widest = columns.indices.filter({ asked[columns[$0].index].shortening >= step && columns[$0].width > least })
                    .max(by: { columns[$0].width < columns[$1].width })
            {
                columns[widest].width -= 1
            }
        }
        return excess > 0 ? nil : columns
    }

    private static func mostExpendable(_ columns: [Shown]) -> Int? {
        columns.indices.max { columns[$0].expendability <= columns[$1].expendability }
    }

    /// Appends the heading, without a line's end.
    public func heading(into output: inout [UInt8]) {
        for (place, column) in shown.enumerated() {
            let text = Array(asked[column.index].heading.utf8)
            pad(text[...], to: column.width, of: asked[column.index], isLast: place == shown.count - 1, into: &output)
        }
    }

    /// Appends the heading as a line of its own.
    func headingLine(colour: Bool, into output: inout [UInt8]) {
        if colour { output.append(Style.bold) }
        heading(into: &output)
        if colour { output.append(Style.reset) }
        output.append(UInt8(ascii: "\n"))
    }

    /// Appends a row, without a line's end.
    public mutating func row(_ row: Shown.Row, colour: Bool, into output: inout [UInt8]) {
        for (place, column) in shown.enumerated() {
            appendCell(column.index, row)
            let style = colour ? asked[column.index].style(row) : nil
            if let style { output.append(style) }
            pad(cell[...], to: column.width, of: asked[column.index], isLast: place == shown.count - 1, into: &output)
            if style != nil { output.append(Style.reset) }
        }
    }

    private func pad(_ text: ArraySlice<UInt8>, to width: Int, of column: Shown, isLast: Bool, into output: inout [UInt8]) {
        let length = Self.displayWidth(text)
        let filling = [UInt8](repeating: UInt8(ascii: " "), count: max(0, width - length))
        if column.isRightAligned { output.append(contentsOf: filling) }
        if length <= width { output.append(contentsOf: text) } else { Self.appendShortened(text, to: width, into: &output) }
        if !column.isRightAligned, !isLast { output.append(contentsOf: filling) }
        if !isLast { output.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: Self.gap)) }
    }

    /// Both ends of an address tell more than its middle.
    private static func appendShortened(_ text: ArraySlice<UInt8>, to width: Int, into output: inout [UInt8]) {
        let characters = Array(String(decoding: text, as: UTF8.self))
        guard width > 1 else { return output.append(contentsOf: "…".utf8.prefix(width > 0 ? 3 : 0)) }
        let tail = (width - 1) / 2
        let head = width - 1 - tail
        output.append(contentsOf: String(characters.prefix(head)).utf8)
        output.append(contentsOf: "…".utf8)
        output.append(contentsOf: String(characters.suffix(tail)).utf8)
    }

    /// Cells are ASCII but for names that come from outside, of which each character is taken for one column.
    private static func displayWidth(_ text: ArraySlice<UInt8>) -> Int {
        text.allSatisfy { $0 < 0x80 } ? text.count : String(decoding: text, as: UTF8.self).count
    }
}
