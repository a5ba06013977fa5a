import ArgumentParser
import Filters
import Glibc
import KernelState
import Snapshots
import Terminal

struct SnapshotSaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Save everything that kstate can read in one file.",
        discussion: """
            The file appears whole or not at all, and only its owner may read it. What could not be read is kept as the reason \
            why, and said here too. With --for, the tables are read again and again into the same file, until that time is over or a \
            signal ends it; --until picks one of the readings, and kstate doctor looks at them all.

            EXAMPLES
              kstate snapshot save incident.kstate
              kstate snapshot save incident.kstate --for 10m --every 10s
            """)

    @Argument(help: "The file to write; a snapshot that is there is replaced.", completion: .file())
    var file: String

    @Option(
        name: .customLong("for"), help: ArgumentHelp("Go on reading for that long.", valueName: "time"), transform: ValueReading.span)
    var duration: TimeSpan?

    @Option(help: ArgumentHelp("From one reading to the next, with --for; 10s by default.", valueName: "time"), transform: ValueReading.span)
    var every: TimeSpan?

    @OptionGroup(title: "Sharing") var sharing: SharingOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions
    @OptionGroup(title: "Names") var kube: KubeOptions

    func validate() throws {
        guard let duration else {
            if every != nil { throw ValidationError("--every needs --for: without, one reading is saved") }
            return
        }
        if let every, every.seconds == 0 { throw ValidationError("--every 0: give a time above 0, as 10s") }
        if duration.seconds < interval { throw ValidationError("--for \(duration): shorter than --every \(TimeSpan(seconds: interval))") }
        if !sources.from.isEmpty { throw ValidationError("--for and --from exclude each other: a file does not change") }
    }

    private var interval: Double { every?.seconds ?? 10 }

    func run() throws {
        let start = Host.uptime
        let loader = NamesLoader(kube)
        let sharing = try sharing.resolved(files: sources.from)
        let sources = try sources.resolved()
        var report = SavedReport()
        if let duration {
            // From here on a signal ends the readings, and the file keeps them.
            let signals = try SignalQueue()
            try write(sharing, namesOf: sources, loader) { writer throws(KernelStateError) in
                try saveSeries(writer, sharing, &report, start: start, end: start + duration.seconds, signals)
            }
        } else {
            try write(sharing, namesOf: sources, loader) { writer throws(KernelStateError) in
                report.add(try writer.add(sharing.redacting(sources)))
            }
        }
        report.print(file: file, seconds: Host.uptime - start)
        if report.isFailure { throw ExitStatus.unreadable }
        try loader.finish()
    }

    /// Writes the file, with what `body` reads into it, and with the cluster's names, where they are known.
    private func write(
        _ sharing: Sharing, namesOf sources: [any StateSource], _ loader: NamesLoader,
        _ body: (SnapshotWriter) throws(KernelStateError) -> Void
    ) throws(KernelStateError) {
        let writer = try SnapshotWriter(path: file, program: "kstate \(Kstate.version)", compresses: self.sharing.compress)
        try sharing.note(in: writer)
        try body(writer)
        if let names = loader.whole(of: sources) {
            _ = loader.tell(names)
            try writer.add(sharing.redacting(names))
        }
        try writer.finish()
    }

    /// Reads at each interval's beginning; a reading that takes longer than the interval leaves out those that it covers. What has been read
    /// stays where no more can be.
    private func saveSeries(
        _ writer: SnapshotWriter, _ sharing: Sharing, _ report: inout SavedReport, start: Double, end: Double, _ signals: borrowing SignalQueue
    ) throws(KernelStateError) {
        let progress = ProgressLine()
        defer { progress.end() }
        var samples = 0
        var due = start
        repeat {
            progress.show("kstate: reading \(samples + 1)")
            let found: [LiveSource]
            do throws(KernelStateError) {
                found = try sources.live()
            } catch {
                if samples == 0 { throw error }
                return report.end(by: error)
            }
            report.add(try writer.add(sharing.redacting(found)))
            try writer.commit()
            samples += 1
            due += max(1, ((Host.uptime - due) / interval).rounded(.up)) * interval
        } while due <= end && signals.wait(until: due)
    }
}
