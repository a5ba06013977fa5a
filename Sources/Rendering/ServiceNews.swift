internal import KernelState

/// A line about a backend whose verdict is new or that has gone, or about a service that has no backends, for people and grep.
public enum ServiceNews {
    /// Appends a line about a backend that no table has any more, or about a service without backends that is no longer one.
    ///
    /// - Parameters:
    ///   - row: the backend with its service, or the service without backends, as it was.
    ///   - header: what the records refer to.
    ///   - time: nanoseconds since 1970.
    ///   - buffer: what it is appended to.
    public static func append(gone row: ServiceRow, _ header: ReportHeader, at time: UInt64, to buffer: inout [UInt8]) {
        append("gone (was \(word(row)))", row, withEvidence: false, header, at: time, to: &buffer)
    }

    /// Appends a line about a backend that has another verdict now, or about a service without backends.
    ///
    /// - Parameters:
    ///   - row: the backend with its service, or the service without backends.
    ///   - former: the same before, where it was there.
    ///   - header: what the records refer to.
    ///   - time: nanoseconds since 1970.
    ///   - buffer: what it is appended to.
    public static func append(
        _ row: ServiceRow, was former: ServiceRow?, _ header: ReportHeader, at time: UInt64, to buffer: inout [UInt8]
    ) {
        append(word(row) + (former.map { " (was \(word($0)))" } ?? ""), row, withEvidence: true, header, at: time, to: &buffer)
    }

    private static func word(_ row: ServiceRow) -> String { row.backend?.verdict.rawValue ?? "no-backends" }

    private static func append(
        _ news: String, _ row: ServiceRow, withEvidence: Bool, _ header: ReportHeader, at time: UInt64, to buffer: inout [UInt8]
    ) {
        buffer.appendTime(time)
        buffer.append(contentsOf: " \(news)".utf8)
        let ofBackend: [ServiceColumn] = row.backend == nil ? [] : withEvidence ? [.backend, .evidence] : [.backend]
        for column in ServiceColumn.withPlaces([.protocol, .service] + ofBackend, in: header) {
            buffer.append(column == .backend ? " -> " : column == .evidence ? "  " : " ")
            column.appendCell(row, in: header, to: &buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
    }
}
