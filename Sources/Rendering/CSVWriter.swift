internal import KernelState

/// `-o csv`: RFC 4180, with `\n` at the lines' ends; a value that the kernel does not have is empty.
public struct CSVWriter<Shown: TableColumn>: Sendable {
    private let asked: [Shown]
    private let showsHeading: Bool
    private var columns: [Shown]
    private var header = ReportHeader(places: [])
    private var cell: [UInt8] = []

    public init(columns: [Shown], showsHeading: Bool) {
        asked = columns
        self.columns = columns
        self.showsHeading = showsHeading
    }

    public mutating func begin(_ header: ReportHeader, to output: inout OutputSink) {
        self.header = header
        columns = Shown.withPlaces(asked, in: header)
        if showsHeading { output.buffer.append(contentsOf: (columns.map(\.name).joined(separator: ",") + "\n").utf8) }
    }

    public mutating func write(_ row: Shown.Row, to output: inout OutputSink) {
        for (index, column) in columns.enumerated() {
            if index > 0 { output.buffer.append(UInt8(ascii: ",")) }
            cell.removeAll(keepingCapacity: true)
            column.appendCell(row, in: header, to: &cell)
            if cell != [UInt8(ascii: "-")] { appendField(to: &output.buffer) }
        }
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    private func appendField(to buffer: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        guard cell.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") }) else {
            return buffer.append(contentsOf: cell)
        }
        buffer.append(quote)
        for byte in cell {
            if byte == quote { buffer.append(quote) }
            buffer.append(byte)
        }
        buffer.append(quote)
    }
}

extension CSVWriter: ConnectionWriter where Shown == Column {
    public mutating func end(_ tables: ReportTables, to output: inout OutputSink) {}
}
