public import KernelState

/// A line about a backend whose verdict is new, or that has gone, for people and grep.
public enum ServiceNews {
    /// Appends a line about a backend that no table has any more.
    ///
    /// - Parameters:
    ///   - backend: the backend as it was.
    ///   - service: its service.
    ///   - header: what the records refer to.
    ///   - time: nanoseconds since 1970.
    ///   - buffer: what it is appended to.
    public static func append(
        gone backend: BackendState, of service: ServiceState, _ header: ReportHeader, at time: UInt64, to buffer: inout [UInt8]
    ) {
        append("gone (was \(backend.verdict.rawValue))", [.protocol, .service, .backend], backend, of: service, header, at: time, to: &buffer)
    }

    /// - Parameters:
    ///   - former: the verdict before, where there was one.
    ///   - time: nanoseconds since 1970.
    ///   - header: what the records refer to.
    ///   - backend: the backend that has another verdict now.
    ///   - buffer: what it is appended to.
    ///   - service: its service.
    public static func append(
        _ backend: BackendState, of service: ServiceState, was former: BackendVerdict?, _ header: ReportHeader, at time: UInt64,
        to buffer: inout [UInt8]
    ) {
        let was = former.map { " (was \($0.rawValue))" } ?? ""
        append(
            backend.verdict.rawValue + was, [.protocol, .service, .backend, .evidence], backend, of: service, header, at: time, to: &buffer)
    }

    private static func append(
        _ news: String, _ columns: [ServiceColumn], _ backend: BackendState, of service: ServiceState, _ header: ReportHeader,
        at time: UInt64, to buffer: inout [UInt8]
    ) {
        let row = ServiceRow(service: service, backend: backend)
        buffer.appendTime(time)
        buffer.append(contentsOf: " \(news)".utf8)
        for column in ServiceColumn.withPlaces(columns, in: header) {
            buffer.append(column == .backend ? " -> " : column == .evidence ? "  " : " ")
            column.appendCell(row, in: header, to: &buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
    }
}
