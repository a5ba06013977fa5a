public import KernelState

/// `-o json`: one document of the schema `kstate.connections/1`, whose `tables` stand last so that it can stream.
public struct JSONDocumentWriter: ConnectionWriter {
    private var connection = ConnectionJSON()
    private var first = true

    public init() {}

    public mutating func begin(_ header: ReportHeader, to output: inout OutputSink) {
        connection = ConnectionJSON(header)
        output.buffer.append(UInt8(ascii: "{"))
        header.appendJSON(schema: "kstate.connections/1", to: &output.buffer)
        output.buffer.append(",\n \"connections\":[")
    }

    public mutating func write(_ connection: Connection, to output: inout OutputSink) {
        output.buffer.append(first ? "\n  " : ",\n  ")
        first = false
        self.connection.append(connection, to: &output.buffer)
        output.flushIfFull()
    }

    public mutating func end(_ tables: ReportTables, to output: inout OutputSink) {
        output.buffer.append("],\n \"tables\":")
        tables.appendJSON(to: &output.buffer)
        output.buffer.append("}\n")
    }
}

/// `-o jsonl`: the connections of the document, one a line, and nothing else.
public struct JSONLinesWriter: ConnectionWriter {
    private var connection = ConnectionJSON()

    public init() {}

    public mutating func begin(_ header: ReportHeader, to output: inout OutputSink) {
        connection = ConnectionJSON(header)
    }

    public mutating func write(_ connection: Connection, to output: inout OutputSink) {
        self.connection.append(connection, to: &output.buffer)
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    public mutating func end(_ tables: ReportTables, to output: inout OutputSink) {}
}

extension ReportTables {
    func appendJSON(to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "{"))
        if let conntrack {
            buffer.append("\"conntrack\":")
            Self.append(conntrack, to: &buffer)
        }
        if let ipvs {
            buffer.append(conntrack == nil ? "\"ipvs\":" : ",\"ipvs\":")
            Self.append(ipvs, to: &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    private static func append(_ coverage: TableCoverage, to buffer: inout [UInt8]) {
        buffer.append(coverage.available ? "{\"available\":true" : "{\"available\":false")
        buffer.append(coverage.complete ? ",\"complete\":true,\"read\":" : ",\"complete\":false,\"read\":")
        buffer.appendDecimal(UInt64(coverage.read))
        buffer.append(",\"matched\":")
        buffer.appendDecimal(UInt64(coverage.matched))
        if coverage.passes > 1 {
            buffer.append(",\"passes\":")
            buffer.appendDecimal(UInt64(coverage.passes))
        }
        if coverage.kernelFiltered { buffer.append(",\"kernel_filtered\":true") }
        if coverage.undecodable > 0 {
            buffer.append(",\"undecodable\":")
            buffer.appendDecimal(UInt64(coverage.undecodable))
        }
        if let reason = coverage.reason {
            buffer.append(",\"reason\":")
            buffer.appendJSON(reason)
        }
        buffer.append(UInt8(ascii: "}"))
    }
}
