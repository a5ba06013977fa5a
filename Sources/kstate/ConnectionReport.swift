import CLinux
import Conntrack
import ConntrackText
import Filters
import Glibc
import KernelState
import Netlink
import Rendering

/// One reading of the tables, printed: `kstate conn` without `--watch`.
struct ConnectionReport {
    let filter: ConnectionFilter
    let mode: KernelFilterMode
    let list: ConntrackList
    let output: OutputOptions

    func run(in namespaces: [FoundNamespace]) throws {
        if output.count { return try count(in: namespaces) }
        switch output.output {
        case .table, .wide:
            let writer = TableWriter(
                columns: try output.resolvedColumns(), width: OutputOptions.width, colour: OutputOptions.colour,
                showsHeading: !output.noHeader, keepsOrder: output.order != nil)
            try print(namespaces, with: writer)
        case .json: try print(namespaces, with: JSONDocumentWriter())
        case .jsonl: try print(namespaces, with: JSONLinesWriter())
        case .csv: try print(namespaces, with: CSVWriter(columns: try output.resolvedColumns(), showsHeading: !output.noHeader))
        case .conntrack: try print(namespaces, with: ConntrackLinesWriter())
        }
    }

    private func count(in namespaces: [FoundNamespace]) throws {
        var count = 0
        let summary = read(namespaces, isEnough: { false }) { _ in count += 1 }
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        sink.buffer.appendDecimal(UInt64(count))
        sink.buffer.append(UInt8(ascii: "\n"))
        try finish(&sink, summary)
    }

    private func print(_ namespaces: [FoundNamespace], with writer: some ConnectionWriter) throws {
        var writer = writer
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        writer.begin(Host.reportHeader(namespaces.map(\.namespace)), to: &sink)
        var selection = Selection(order: output.order, limit: output.limit)
        let stop = StopSign()
        let summary = read(namespaces, isEnough: { stop.isSet }) { connection in
            if selection.passes(connection) { writer.write(connection, to: &sink) }
            if selection.isFull || sink.error != nil { stop.isSet = true }
        }
        for connection in selection.sorted() { writer.write(connection, to: &sink) }
        writer.end(ReportTables(conntrack: summary.conntrack, ipvs: summary.ipvs), to: &sink)
        try finish(&sink, summary)
    }

    /// Reads each namespace in turn. What one lacks is added to the summary, and the next is still read.
    private func read(
        _ namespaces: [FoundNamespace], isEnough: @escaping () -> Bool, _ emit: (Connection) -> Void
    ) -> CoverageSummary {
        var summary = CoverageSummary(filter: filter, isSingle: namespaces.count == 1)
        for found in namespaces {
            if isEnough() { break }
            do throws(KernelStateError) {
                let handle = try NamespaceHandle(path: found.path)
                var tables = try handle.inside { () throws(KernelStateError) in LiveTables(filter: filter, list: list, mode: mode) }
                summary.add(tables.read(namespace: found.namespace.inode, isEnough: isEnough, emit), of: found.namespace)
            } catch {
                summary.add(error, of: found.namespace)
            }
        }
        if isEnough() { summary.wasCutShort = true }
        return summary
    }

    private func finish(_ sink: inout OutputSink, _ summary: CoverageSummary) throws {
        sink.flush()
        switch sink.error {
        case .closedPipe?: return  // who reads has seen enough
        case let error?:
            printError("kstate: \(error.text)")
            throw ExitStatus.unreadable
        case nil: break
        }
        for note in summary.notes { printError("kstate: \(note)") }
        if summary.isFailure { throw ExitStatus.unreadable }
    }
}

/// Lets an escaping closure see that enough has been read.
private final class StopSign {
    var isSet = false
}

/// What is kept back to be sorted, and when enough has been seen.
private struct Selection {
    let order: ConnectionOrder?
    let limit: Int?
    private var kept: [Connection] = []
    private var passed = 0

    init(order: ConnectionOrder?, limit: Int?) {
        self.order = order
        self.limit = limit
    }

    var isFull: Bool { order == nil && limit.map { passed >= $0 } ?? false }

    /// True when the connection is to be written at once; otherwise it is kept, or one too many.
    mutating func passes(_ connection: Connection) -> Bool {
        guard let order else {
            if isFull { return false }
            passed += 1
            return true
        }
        kept.append(connection)
        if let limit, kept.count >= 2 * limit + 1_000 {  // the best so far are enough
            kept.sort(by: order.precedes)
            kept.removeSubrange(limit...)
        }
        return false
    }

    mutating func sorted() -> [Connection] {
        guard let order else { return [] }
        kept.sort(by: order.precedes)
        return limit.map { Array(kept.prefix($0)) } ?? kept
    }
}

/// `-o conntrack`: the lines of `conntrack -L`, of connections that conntrack knows.
private struct ConntrackLinesWriter: ConnectionWriter {
    private final class Renderer {
        var text = ConntrackTextRenderer()
    }
    private let renderer = Renderer()

    func begin(_ header: ReportHeader, to output: inout OutputSink) {}

    func write(_ connection: Connection, to output: inout OutputSink) {
        guard let flow = connection.conntrack else { return }
        renderer.text.append(flow, to: &output.buffer)
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    func end(_ tables: ReportTables, to output: inout OutputSink) {}
}
