public import KernelState

/// A connection as one line that needs no heading: protocol, client -> service -> backend, both tables' states, and a mark if it has one.
public struct ConnectionLine: Sendable {
    private let columns: [Column]
    private let header: ReportHeader

    public init(_ header: ReportHeader) {
        let told: [Column] = [.protocol, .client, .service, .backend, .ipvs, .conntrack]
        columns = header.withPlaces(told)
        self.header = header
    }

    /// Appends a space and the line, without its end.
    public func append(_ connection: Connection, to buffer: inout [UInt8]) {
        for column in columns {
            switch column {
            case .service, .backend: buffer.append(" -> ")
            case .ipvs: buffer.append("  ipvs ")
            case .conntrack: buffer.append("  conntrack ")
            default: buffer.append(UInt8(ascii: " "))
            }
            column.appendCell(connection, in: header, to: &buffer)
        }
        if let mark = connection.conntrack?.mark, mark != 0 { buffer.append(contentsOf: "  mark \(mark)".utf8) }
    }
}
