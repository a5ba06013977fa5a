public import KernelState

/// Something that a watch tells.
public enum WatchEvent: Sendable {
    /// `existing` tells a connection that was there before the watch from one that began since.
    case new(Connection, existing: Bool)
    case change(Connection)
    case end(Connection)
    /// The kernel dropped this many events of a place: its tables are read again.
    case lost(UInt64, of: PlaceIndex)
    /// The view equals a place's tables again, as they were read with this coverage.
    case resync(ReportTables, of: PlaceIndex)

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
    private let header: ReportHeader
    private let json: ConnectionJSON

    public init(_ header: ReportHeader) {
        self.header = header
        json = ConnectionJSON(header)
    }

    /// - Parameters:
    ///   - event: what is told.
    ///   - time: nanoseconds since 1970.
    ///   - buffer: what it is appended to.
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
        if case .lost(let count, let place) = event {
            buffer.append(",\"lost\":")
            buffer.appendDecimal(count)
            header.appendPlace(place, to: &buffer)
        }
        if case .resync(let tables, let place) = event {
            buffer.append(",\"tables\":")
            tables.appendJSON(to: &buffer)
            header.appendPlace(place, to: &buffer)
        }
        buffer.append("}\n")
    }
}

/// `--watch` into a pipe: an event a line, for people and grep.
public struct EventTextWriter: Sendable {
    private let line: ConnectionLine
    private let header: ReportHeader

    public init(_ header: ReportHeader) {
        line = ConnectionLine(header)
        self.header = header
    }

    /// - Parameters:
    ///   - event: what is told.
    ///   - time: nanoseconds since 1970.
    ///   - buffer: what it is appended to.
    public func append(_ event: WatchEvent, at time: UInt64, to buffer: inout [UInt8]) {
        buffer.appendTime(time)
        buffer.append(UInt8(ascii: " "))
        buffer.append(contentsOf: "\(event.word)".uppercased().utf8)
        switch event {
        case .lost(let count, let place):
            appendName(of: place, to: &buffer)
            buffer.append(" the kernel dropped ")
            buffer.appendDecimal(count)
            buffer.append(" events; reading the tables again")
        case .resync(let tables, let place):
            appendName(of: place, to: &buffer)
            appendCoverage(tables, to: &buffer)
        case .new, .change, .end: if let connection = event.connection { line.append(connection, to: &buffer) }
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    private func appendName(of place: PlaceIndex, to buffer: inout [UInt8]) {
        guard header.places.count > 1 else { return }
        buffer.append(UInt8(ascii: " "))
        buffer.appendVisible(header.places[Int(place)].namespace.name)
    }

    private func appendCoverage(_ tables: ReportTables, to buffer: inout [UInt8]) {
        for (name, coverage) in [("conntrack", tables.conntrack), ("ipvs", tables.ipvs)] {
            guard let coverage else { continue }
            buffer.append(contentsOf: " \(name) ".utf8)
            guard coverage.available else {
                buffer.append("not available")
                if let reason = coverage.reason {
                    buffer.append(": ")
                    buffer.appendVisible(reason)
                }
                continue
            }
            buffer.append(coverage.complete ? "complete, read " : "INCOMPLETE, read ")
            buffer.appendDecimal(UInt64(coverage.read))
        }
    }
}
