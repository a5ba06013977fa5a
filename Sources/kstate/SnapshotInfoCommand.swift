import ArgumentParser
import Glibc
import KernelState
import Rendering
import Snapshots

struct SnapshotInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what a snapshot holds: where and when it was taken, and whether it is complete.",
        discussion: "What could not be read is shown with the reason.")

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    @Argument(help: "The snapshot.")
    var file: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The output's form.", valueName: "table|json"))
    var output: Format = .table

    @Flag(help: "Look at every byte and at the structure; exit with 1 where something is not as it was written.")
    var verify = false

    func run() throws {
        do throws(KernelStateError) {
            let reader = try SnapshotReader(path: file, verifies: verify)
            if verify { try reader.checkStructure() }
            let names = try reader.names()?.names
            var sink = OutputSink(descriptor: STDOUT_FILENO)
            switch output {
            case .table: append(reader, names, to: &sink)
            case .json: SnapshotInfoJSON(file: file, reader: reader, names: names).write(to: &sink)
            }
            sink.flush()
        } catch {
            printError("kstate: \(error)")
            throw ExitStatus.unreadable
        }
    }

    private func append(_ reader: SnapshotReader, _ names: ClusterNames?, to sink: inout OutputSink) {
        for (name, value) in reader.notes.sorted(by: { $0.key < $1.key }) { sink.line("\(name): \(value)") }
        if reader.isCompressed { sink.line("compressed: zstd") }
        if verify { sink.line(reader.isIntact == true ? "verified: every byte is as it was written" : "verified: whole; the file has no checksum") }
        if let names {
            sink.line(
                "names: \(names.services.count) services, \(names.endpoints.count) endpoints, \(names.pods.count) pods, \(names.nodes.count) nodes")
        }
        for sample in reader.samples { Self.append(sample, to: &sink) }
    }

    private static func append(_ sample: SnapshotSample, to sink: inout OutputSink) {
        for saved in sample.places {
            var time: [UInt8] = []
            time.appendTime(saved.place.takenAt)
            sink.line(
                "sample \(sample.number), \(String(decoding: time, as: UTF8.self)): \(saved.place.node), Linux \(saved.place.kernel), "
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
            outcome = "INCOMPLETE, \(reading.coverage.read) read" + (reading.coverage.reason.map { ": \($0)" } ?? "")
        } else {
            outcome = reading.subject == .facts ? "complete" : "complete, \(reading.coverage.read) read"
        }
        sink.line("  \(reading.subject.rawValue): \(outcome), in \(milliseconds) ms")
    }
}

extension OutputSink {
    /// Appends a line whose control characters a terminal does not obey.
    mutating func line(_ text: String) {
        buffer.appendVisible(text)
        buffer.append(UInt8(ascii: "\n"))
        flushIfFull()
    }
}
