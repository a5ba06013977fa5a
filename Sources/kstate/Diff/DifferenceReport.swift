import Correlation
import Filters
import Glibc
import KernelState
import Rendering

/// Reads two sides and prints what differs.
struct DifferenceReport {
    let before: [any StateSource]
    let after: [any StateSource]

    func run(_ writer: some DifferenceWriter) throws {
        var writer = writer
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        let pairs = PlacePairs(before.map(\.place), after.map(\.place))
        writer.begin(
            before: ReportHeader(places: before.map(\.place)), after: ReportHeader(places: after.map(\.place)), to: &sink)
        for pair in pairs.common {
            writer.write(SettingsDifference(before[pair.before], after[pair.after]), of: after[pair.after].place, to: &sink)
        }
        var difference = ConnectionDifference()
        var notes = CoverageSummary(filter: ConnectionFilter(), places: before.map(\.place))
        var later = CoverageSummary(filter: ConnectionFilter(), places: after.map(\.place))
        read(before, &notes) { difference.addBefore($0, place: pairs.before[Int($0.place)]) }
        read(after, &later) { connection in
            difference.addAfter(connection, place: pairs.after[Int(connection.place)]) { writer.write($0, to: &sink) }
        }
        var again = CoverageSummary(filter: ConnectionFilter(), places: before.map(\.place))
        read(before, &again) { connection in
            difference.addBeforeAgain(connection, place: pairs.before[Int(connection.place)]) { writer.write($0, to: &sink) }
        }
        writer.end(to: &sink)
        try sink.finish()
        for note in Set(notes.notes + later.notes).sorted() { printError("kstate: \(note)") }
        if notes.isFailure || later.isFailure { throw ExitStatus.unreadable }
    }

    private func read(_ sources: [any StateSource], _ summary: inout CoverageSummary, _ body: (Connection) -> Void) {
        for (index, source) in sources.enumerated() {
            let reading = TableReading(source, at: PlaceIndex(index), filter: ConnectionFilter(), mode: .never)
            summary.add(reading.read(isEnough: { false }, body), of: source.place)
        }
    }
}

/// Writes what two readings do not agree on: settings of each place first, then connections as they are found.
protocol DifferenceWriter {
    mutating func begin(before: ReportHeader, after: ReportHeader, to output: inout OutputSink)
    mutating func write(_ settings: SettingsDifference, of place: Place, to output: inout OutputSink)
    mutating func write(_ item: ConnectionDifferenceItem, to output: inout OutputSink)
    mutating func end(to output: inout OutputSink)
}
