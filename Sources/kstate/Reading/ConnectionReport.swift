import ConntrackText
import Correlation
import Filters
import Glibc
import KernelState
import Rendering

/// One reading of the tables, printed: `kstate conn` without `--watch`.
struct ConnectionReport {
    let filter: ConnectionFilter
    let mode: KernelFilterMode
    let list: ConntrackList
    let output: OutputOptions
    let arrangement: ConnectionOptions
    let names: ReportNames?

    func run(_ sources: [any StateSource]) throws {
        if output.count { return try count(sources) }
        switch output.output {
        case .table, .wide:
            let writer = TableWriter(
                columns: try arrangement.columns(of: output.output), width: OutputOptions.width, colour: OutputOptions.colour,
                showsHeading: !output.noHeader, keepsOrder: arrangement.order != nil)
            try print(sources, with: writer)
        case .json: try print(sources, with: JSONDocumentWriter())
        case .jsonl: try print(sources, with: JSONLinesWriter())
        case .csv: try print(sources, with: CSVWriter(columns: try arrangement.columns(of: output.output), showsHeading: !output.noHeader))
        case .conntrack: try print(sources, with: ConntrackLinesWriter())
        }
    }

    private func count(_ sources: [any StateSource]) throws {
        var count = 0
        let summary = read(sources, twins: nil, isEnough: { false }) { _ in count += 1 }
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        sink.buffer.appendDecimal(UInt64(count))
        sink.buffer.append(UInt8(ascii: "\n"))
        try summary.finish(&sink)
    }

    private func print(_ sources: [any StateSource], with writer: some ConnectionWriter) throws {
        var writer = writer
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        writer.begin(ReportHeader(places: sources.map(\.place), names: names), to: &sink)
        var selection = Selection(order: arrangement.order, limit: output.limit)
        let stop = StopSign()
        let summary = read(sources, twins: TwinReading.index(sources, filter: filter), isEnough: { stop.isSet }) { connection in
            if selection.passes(connection) { writer.write(connection, to: &sink) }
            if selection.isFull || sink.error != nil { stop.isSet = true }
        }
        for connection in selection.sorted() { writer.write(connection, to: &sink) }
        writer.end(summary.tables, to: &sink)
        try summary.finish(&sink)
    }

    /// Reads each place in turn. What one lacks is added to the summary, and the next is still read.
    private func read(
        _ sources: [any StateSource], twins: TwinIndex?, isEnough: @escaping () -> Bool, _ emit: (Connection) -> Void
    ) -> CoverageSummary {
        var summary = CoverageSummary(filter: filter, places: sources.map(\.place))
        for (index, source) in sources.enumerated() {
            if isEnough() { break }
            let reading = TableReading(source, at: PlaceIndex(index), filter: filter, list: list, mode: mode)
            let tables = reading.read(isEnough: isEnough) { connection in
                guard let twins, let flow = connection.conntrack else { return emit(connection) }
                var connection = connection
                connection.twin = twins.twin(of: flow, at: connection.place)
                emit(connection)
            }
            summary.add(tables, of: source.place)
        }
        if isEnough() { summary.wasCutShort = true }
        return summary
    }
}

/// Lets an escaping closure see that enough has been read.
private final class StopSign {
    var isSet = false
}

/// What is kept back to be sorted, and when enough has been seen.
private struct Selection {
    private let limit: Int
    /// Nil where the tables' own order is as good as any.
    private var first: FirstInOrder<Connection>?
    private var passed = 0

    init(order: ConnectionOrder?, limit: Int?) {
        self.limit = limit ?? .max
        first = order.map { FirstInOrder(self.limit, by: $0.precedes) }
    }

    var isFull: Bool { first == nil && passed >= limit }

    /// True when the connection is to be written at once; otherwise it is kept, or one too many.
    mutating func passes(_ connection: Connection) -> Bool {
        if first == nil {
            if isFull { return false }
            passed += 1
            return true
        }
        first?.add(connection)
        return false
    }

    mutating func sorted() -> [Connection] { first?.sorted() ?? [] }
}

/// `-o conntrack`: the lines of `conntrack -L`, of connections that conntrack knows.
private struct ConntrackLinesWriter: ConnectionWriter {
    private final class Renderer {
        var text: ConntrackTextRenderer

        init() throws(KernelStateError) { text = try ConntrackTextRenderer() }
    }
    private let renderer: Renderer
    private var places: [Place] = []

    init() throws(KernelStateError) { renderer = try Renderer() }

    mutating func begin(_ header: ReportHeader, to output: inout OutputSink) { places = header.places }

    func write(_ connection: Connection, to output: inout OutputSink) {
        guard let flow = connection.conntrack else { return }
        renderer.text.append(flow, takenAt: places[Int(connection.place)].takenAt, to: &output.buffer)
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    func end(_ tables: ReportTables, to output: inout OutputSink) {}
}
