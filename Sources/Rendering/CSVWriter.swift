public import KernelState

/// `-o csv`: RFC 4180, with `\n` at the lines' ends; a value that the kernel does not have is empty.
public struct CSVWriter: ConnectionWriter {
    private let asked: [Column]
    private let showsHeading: Bool
    private var columns: [Column]
    private var header = ReportHeader(places: [])
    private var cell: [UInt8] = []

    public init(columns: [Column], showsHeading: Bool) {
        asked = columns
        self.columns = columns
        self.showsHeading = showsHeading
    }

    public mutating func begin(_ header: ReportHeader, to output: inout OutputSink) {
        self.header = header
        columns = header.withPlaces(asked)
        if showsHeading { output.buffer.append(contentsOf: (columns.map(\.rawValue).joined(separator: ",") + "\n").utf8) }
    }

    public mutating func write(_ connection: Connection, to output: inout OutputSink) {
        for (index, column) in columns.enumerated() {
            if index > 0 { output.buffer.append(UInt8(ascii: ",")) }
            cell.removeAll(keepingCapacity: true)
            column.appendCell(connection, in: header, to: &cell)
            if cell != [UInt8(ascii: "-")] { appendField(to: &output.buffer) }
        }
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    public mutating func end(_ tables: ReportTables, to output: inout OutputSink) {}

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
