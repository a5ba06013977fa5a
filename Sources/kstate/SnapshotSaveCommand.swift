import ArgumentParser
import KernelState
import Snapshots

struct SnapshotSaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Save everything that kstate can read in one file.",
        discussion: """
            The file appears whole or not at all, and only its owner may read it. What could not be read is kept as the reason \
            why, and said here too.
            """)

    @Argument(help: "The file to write; one that is there is replaced.")
    var file: String

    @OptionGroup(title: "Sharing") var sharing: SharingOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions

    func run() throws {
        let sources = try sharing.redacting(try sources.resolved(), files: sources.from)
        let start = Host.uptime
        let saved: [SavedPlace]
        do throws(KernelStateError) {
            let writer = try SnapshotWriter(path: file, program: "kstate \(Kstate.version)")
            try sharing.note(in: writer)
            saved = try writer.add(sources)
            try writer.finish()
        } catch {
            printError("kstate: \(error)")
            throw ExitStatus.unreadable
        }
        var report = SavedReport(saved)
        report.print(file: file, seconds: Host.uptime - start)
        if report.isFailure { throw ExitStatus.unreadable }
    }
}
