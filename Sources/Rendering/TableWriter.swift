public import KernelState

/// `-o table` and `-o wide`: aligned columns.
///
/// It holds back the first `heldRows` rows to learn their widths, and sorts those by service when that is all there is;
/// beyond, it prints as entries come, in the kernel's order, so that a million rows need no more memory than ten thousand.
public struct TableWriter: ConnectionWriter {
    static let heldRows = 10_000

    private let columns: [Column]
    private let width: Int?
    private let colour: Bool
    private let showsHeading: Bool
    private let keepsOrder: Bool
    private var layout: TableLayout<Column>
    private var held: [Connection] = []
    private var streaming = false

    /// - Parameters:
    ///   - width: the terminal's columns; nil off a terminal.
    ///   - keepsOrder: print in the order given, because it is a wanted one.
    ///   - showsHeading: whether the heading is written.
    ///   - columns: what to show, in order.
    ///   - colour: whether sequences for colours may be written.
    public init(columns: [Column], width: Int?, colour: Bool, showsHeading: Bool, keepsOrder: Bool) {
        self.columns = columns
        self.width = width
        self.colour = colour
        self.showsHeading = showsHeading
        self.keepsOrder = keepsOrder
        layout = TableLayout(columns: columns, width: width)
    }

    public mutating func begin(_ header: ReportHeader, to output: inout OutputSink) {
        layout = TableLayout(columns: columns, width: width, in: header)
    }

    public mutating func write(_ connection: Connection, to output: inout OutputSink) {
        layout.fit(connection)
        if streaming { return append(connection, to: &output) }
        held.append(connection)
        if held.count == Self.heldRows { release(to: &output) }
    }

    public mutating func end(_ tables: ReportTables, to output: inout OutputSink) {
        guard !streaming else { return }
        if !keepsOrder { held.sort(by: ConnectionOrder.byService) }
        release(to: &output)
    }

    private mutating func release(to output: inout OutputSink) {
        streaming = true
        if showsHeading { layout.headingLine(colour: colour, into: &output.buffer) }
        for connection in held { append(connection, to: &output) }
        held = []
    }

    private mutating func append(_ connection: Connection, to output: inout OutputSink) {
        layout.row(connection, colour: colour, into: &output.buffer)
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }
}
