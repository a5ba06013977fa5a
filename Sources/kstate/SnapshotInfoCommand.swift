import ArgumentParser
import Glibc
import Imports
import KernelState
import Rendering
import Snapshots

struct SnapshotInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what a snapshot holds: where and when it was taken, and whether it is complete.",
        discussion: """
            What could not be read is shown with the reason. Of a recorder's directory the segments are listed, and with --since or \
            --until the samples of that time.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    @Argument(help: "The snapshot, or a recorder's directory.", completion: .file())
    var file: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The output's form.", valueName: "table|json"))
    var output: Format = .table

    @Flag(help: "Look at every byte and at the structure; exit with 1 where something is not as it was written.")
    var verify = false

    @OptionGroup(title: "When") var stretch: StretchOptions

    func run() throws {
        if !SavedHistory.isRecording(file), try ImportSearch.sources(at: file) != nil {
            throw KernelStateError(
                operation: "reading \(file)", cause: "it is what other tools have printed, and no snapshot",
                remedy: "make one of it: kstate snapshot import \(file) FILE.kstate")
        }
        let history = try SavedHistory(path: file, verifies: verify)
        let range = try SavedStretch(stretch, of: history.extent, name: file).range
        let readers = try history.readers(in: range)
        if verify { for reader in readers { try reader.checkStructure() } }
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        switch output {
        case .table: try append(history, readers, range, to: &sink)
        case .json: try SnapshotInfoJSON(file: file, history: history, readers: readers, range: range).write(to: &sink)
        }
        try sink.finish()
    }

    private func append(
        _ history: SavedHistory, _ readers: [SnapshotReader], _ range: ClosedRange<UInt64>, to sink: inout OutputSink
    ) throws(KernelStateError) {
        if let last = readers.last { try append(properties: last, history, to: &sink) }
        if history.isRecording { for reader in readers { try Self.append(segment: reader, to: &sink) } }
        if !history.isRecording || stretch.isGiven {
            for sample in readers.flatMap(\.samples) where range.contains(sample.takenAt) { Self.append(sample, to: &sink) }
        }
    }

    private func append(properties reader: SnapshotReader, _ history: SavedHistory, to sink: inout OutputSink) throws(KernelStateError) {
        for (name, value) in reader.notes.sorted(by: { $0.key < $1.key }) { sink.line("\(name): \(value)") }
        if reader.isCompressed { sink.line("compressed: zstd") }
        if verify { sink.line("verified: \(Self.verdict(reader, history))") }
        guard let names = try reader.names()?.names else { return }
        sink.line(
            "names: \(names.services.count) services, \(names.endpoints.count) endpoints, \(names.pods.count) pods, \(names.nodes.count) nodes")
    }

    /// What was found out by looking: nothing wrong, or there would be an error.
    private static func verdict(_ reader: SnapshotReader, _ history: SavedHistory) -> String {
        if reader.isIntact == true { return "every byte is as it was written" }
        let who = history.isRecording ? "a recorder's segments have" : "the file has"
        return "SQLite finds the structure whole; \(who) no checksum that would tell of a changed byte"
    }

    private static func append(segment reader: SnapshotReader, to sink: inout OutputSink) throws(KernelStateError) {
        let events = try reader.events()
        let start = reader.samples.first?.takenAt ?? reader.end
        let lost = events.lost > 0 ? ", \(events.lost) LOST" : ""
        sink.line(
            "\(reader.path): \(String(time: start)) to \(String(time: reader.end)), \(reader.samples.count) samples, \(events.count) events\(lost)")
    }

    private static func append(_ sample: SnapshotSample, to sink: inout OutputSink) {
        for saved in sample.places {
            sink.line(
                "sample \(sample.number), \(String(time: saved.place.takenAt)): \(saved.place.node), Linux \(saved.place.kernel), "
                    + "namespace \(saved.place.namespace.name)")
            for subject in Reading.Subject.allCases { if let reading = saved.readings[subject] { append(reading, to: &sink) } }
        }
    }

    private static func append(_ reading: Reading, to sink: inout OutputSink) {
        let milliseconds = Double(reading.duration / 10_000) / 100
        let outcome: String
        if let error = reading.error {
            outcome = "NOT READ: \(error)"
        } else if !reading.coverage.complete {
            outcome = "INCOMPLETE\(count(reading))" + (reading.coverage.reason.map { ": \($0)" } ?? "")
        } else {
            outcome = "complete\(count(reading))"
        }
        sink.line("  \(reading.subject.rawValue): \(outcome), in \(milliseconds) ms")
    }

    /// Facts are of many kinds, which nobody counts.
    private static func count(_ reading: Reading) -> String { reading.subject == .facts ? "" : ", \(reading.coverage.read) read" }
}

extension OutputSink {
    /// Appends a line whose control characters a terminal does not obey.
    mutating func line(_ text: String) {
        buffer.appendVisible(text)
        buffer.append(UInt8(ascii: "\n"))
        flushIfFull()
    }
}
