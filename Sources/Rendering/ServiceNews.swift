public import KernelState

/// A line about a backend whose verdict is new, for people and grep.
public enum ServiceNews {
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
        let row = ServiceRow(service: service, backend: backend)
        buffer.appendTime(time)
        buffer.append(contentsOf: " \(backend.verdict.rawValue)".utf8)
        if let former { buffer.append(contentsOf: " (was \(former.rawValue))".utf8) }
        for column in ServiceColumn.withPlaces([.protocol, .service, .backend, .evidence], in: header) {
            buffer.append(column == .backend ? " -> " : column == .evidence ? "  " : " ")
            column.appendCell(row, in: header, to: &buffer)
        }
        buffer.append(UInt8(ascii: "\n"))
    }
}
