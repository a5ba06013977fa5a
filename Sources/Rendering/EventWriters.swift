public import KernelState

/// Something that a watch tells.
public enum WatchEvent: Sendable {
    /// `existing` tells a connection that was there before the watch from one that began since.
    case new(Connection, existing: Bool)
    case change(Connection)
    case end(Connection)
    /// The kernel dropped this many events: the tables are read again.
    case lost(UInt64)
    /// The view equals the tables again, as they were read with this coverage.
    case resync(ReportTables)

    var word: StaticString {
        switch self {
        case .new: "new"
        case .change: "change"
        case .end: "end"
        case .lost: "lost"
        case .resync: "resync"
        }
    }

    var connection: Connection? {
        switch self {
        case .new(let connection, _), .change(let connection), .end(let connection): connection
        case .lost, .resync: nil
        }
    }
}

/// `--watch -o jsonl`: an event a line, as docs/schema describes them.
public struct EventJSONWriter: Sendable {
    private let json: ConnectionJSON

    public init(namespaces: [NetworkNamespace]) { json = ConnectionJSON(namespaces: namespaces) }

    /// - Parameter time: nanoseconds since 1970.
    public func append(_ event: WatchEvent, at time: UInt64, to buffer: inout [UInt8]) {
        buffer.append("{\"event\":\"")
        buffer.append(event.word)
        buffer.append("\",\"at\":\"")
        buffer.appendTime(time)
        buffer.append(UInt8(ascii: "\""))
        if case .new(_, existing: true) = event { buffer.append(",\"existing\":true") }
        if let connection = event.connection {
            buffer.append(",\"connection\":")
            json.append(connection, to: &buffer)
        }
        if case .lost(let count) = event {
            buffer.append(",\"lost\":")
            buffer.appendDecimal(count)
        }
        if case .resync(let tables) = event {
            buffer.append(",\"tables\":")
            tables.appendJSON(to: &buffer)
        }
        buffer.append("}\n")
    }
}

/// `--watch` into a pipe: an event a line, for people and grep.
public struct EventTextWriter: Sendable {
    private let columns: [Column]
    private let namespaces: [UInt64: NetworkNamespace]

    public init(namespaces: [NetworkNamespace]) {
        columns = (namespaces.count > 1 ? [.namespace] : []) + [.protocol, .client, .service, .backend, .ipvs, .conntrack]
        self.namespaces = namespaces.byInode
    }

    /// - Parameter time: nanoseconds since 1970.
    public func append(_ event: WatchEvent, at time: UInt64, to buffer: inout [UInt8]) {
        buffer.appendTime(time)
        buffer.append(UInt8(ascii: " "))
        buffer.append(contentsOf: "\(event.word)".uppercased().utf8)
        switch event {
        case .lost(let count):
            buffer.append(" the kernel dropped ")
            buffer.appendDecimal(count)
            buffer.append(" events; reading the tables again")
        case .resync(let tables): appendCoverage(tables, to: &buffer)
        case .new, .change, .end: if let connection = event.connection { append(connection, to: &buffer) }
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    private func append(_ connection: Connection, to buffer: inout [UInt8]) {
        for column in columns {
            switch column {
            case .service, .backend: buffer.append(" -> ")
            case .ipvs: buffer.append("  ipvs ")
            case .conntrack: buffer.append("  conntrack ")
            default: buffer.append(UInt8(ascii: " "))
            }
            column.appendCell(connection, namespaces: namespaces, to: &buffer)
        }
    }

    private func appendCoverage(_ tables: ReportTables, to buffer: inout [UInt8]) {
        for (name, coverage) in [("conntrack", tables.conntrack), ("ipvs", tables.ipvs)] {
            guard let coverage else { continue }
            buffer.append(contentsOf: " \(name) ".utf8)
            buffer.append(coverage.complete ? "complete, read " : coverage.available ? "INCOMPLETE, read " : "not available, read ")
            buffer.appendDecimal(UInt64(coverage.read))
        }
    }
}
