import Glibc
import KernelState
import Rendering

/// One reading of the tables as services, printed: `kstate service` without `--watch`.
struct ServiceReport {
    let reading: ServiceReading
    let output: OutputOptions
    let order: ServiceOrder

    func run(_ sources: [any StateSource]) throws {
        let result = reading.read(sources)
        var services = order.sorted(result.services)
        if let limit = output.limit { services = Array(services.prefix(limit)) }
        let header = ReportHeader(places: sources.map(\.place))
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        if output.count {
            sink.buffer.appendDecimal(UInt64(services.count))
            sink.buffer.append(UInt8(ascii: "\n"))
        } else {
            write(services, result.leftOut, header, result.summary.tables, to: &sink)
        }
        try result.summary.finish(&sink)
    }

    private func write(
        _ services: [ServiceState], _ leftOut: Int, _ header: ReportHeader, _ tables: ReportTables, to sink: inout OutputSink
    ) {
        switch output.output {
        case .json:
            let json = ServiceJSON(header)
            json.begin(to: &sink.buffer)
            for (index, service) in services.enumerated() {
                json.appendElement(service, isFirst: index == 0, to: &sink.buffer)
                sink.flushIfFull()
            }
            json.end(tables, leftOut: leftOut, to: &sink.buffer)
        case .jsonl:
            let json = ServiceJSON(header)
            for service in services {
                json.append(service, to: &sink.buffer)
                sink.buffer.append(UInt8(ascii: "\n"))
                sink.flushIfFull()
            }
        case .csv:
            var writer = CSVWriter(columns: ServiceColumn.records, showsHeading: !output.noHeader)
            writer.begin(header, to: &sink)
            for service in services { for row in ServiceRow.records(service) { writer.write(row, to: &sink) } }
        case .table, .wide, .conntrack:
            let table = ServiceTable(
                columns: output.output == .wide ? ServiceColumn.wide : ServiceColumn.standard, width: OutputOptions.width,
                colour: OutputOptions.colour, showsHeading: !output.noHeader)
            table.write(services, header, to: &sink)
        }
    }
}
