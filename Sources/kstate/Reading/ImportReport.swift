import Glibc
import Imports
import KernelState
import Rendering
import Snapshots

/// What `kstate snapshot import` says: what each text was taken for, how much was read of it, and which lines were not.
struct ImportReport {
    private let sources: [ImportedSource]
    private let saved: [SavedPlace]

    init(_ sources: [ImportedSource], _ saved: [SavedPlace]) {
        self.sources = sources
        self.saved = saved
    }

    /// As many files of a directory are named that could not be looked into.
    private static let filesNamed = 3

    /// Says which files of a directory are not read: kstate's own, and those that are packed or cannot be opened.
    static func notePassedOver(among sources: [ImportedSource]) {
        for path in sources.flatMap(\.snapshots) {
            printError("kstate: note: \(path) is a snapshot and no text, and passed over: give the file itself, as --from \(path)")
        }
        let passedOver = sources.flatMap(\.passedOver)
        for error in passedOver.prefix(filesNamed) { printError("kstate: note: passed over: \(error)") }
        if passedOver.count > filesNamed { printError("kstate: note: \(passedOver.count - filesNamed) more files were passed over") }
    }

    /// True when something of the texts is not in the snapshot.
    var isFailure: Bool {
        sources.contains { $0.log.readings.contains { !$0.isWhole } } || !errors.isEmpty
    }

    /// Readings that failed. That nobody saved a table is no failure.
    private var errors: [KernelStateError] {
        saved.flatMap(\.readings).compactMap(\.error).filter { $0.code != ENOENT }
    }

    /// Why services are not known of which a text tells connections or numbers.
    private var unknownServices: [KernelStateError] {
        zip(sources, saved).filter { source, _ in source.texts.contains { $0.kind.holdsConnections || $0.kind.holdsServices } }
            .flatMap(\.1.readings).filter { $0.subject == .services }.compactMap(\.error).filter { $0.code == ENOENT }
    }

    func print(file: String, seconds: Double) {
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        for source in sources {
            for reading in source.log.readings { append(reading, to: &sink) }
        }
        sink.line("\(file): \(SavedReport.summary(saved, file: file)) in \(Double(Int(seconds * 100)) / 100) s")
        sink.flush()
        for error in errors { printError("kstate: \(error)") }
        for error in unknownServices { printError("kstate: note: \(error)") }
    }

    private func append(_ reading: LineTally, to sink: inout OutputSink) {
        let lines = reading.unreadable == 1 ? "1 unreadable line" : "\(reading.unreadable) unreadable lines"
        sink.line("\(reading.text.path): \(reading.text.kind.rawValue): \(reading.entries) entries\(reading.unreadable > 0 ? ", \(lines)" : "")")
        for example in reading.examples { sink.line("  \(reading.text.path):\(example.number): \(example.text)") }
        if let damage = reading.damage { sink.line("  \(reading.text.path): \(damage)") }
        if reading.unreadable > reading.examples.count { sink.line("  and \(reading.unreadable - reading.examples.count) more") }
    }
}
