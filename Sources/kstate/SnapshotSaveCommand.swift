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
    @OptionGroup(title: "Names") var kube: KubeOptions

    func run() throws {
        let loader = NamesLoader(kube)
        let sharing = try sharing.resolved(files: sources.from)
        let sources = try sources.resolved()
        let start = Host.uptime
        let saved: [SavedPlace]
        do throws(KernelStateError) {
            let writer = try SnapshotWriter(path: file, program: "kstate \(Kstate.version)", compresses: self.sharing.compress)
            try sharing.note(in: writer)
            saved = try writer.add(sharing.redacting(sources))
            if let names = loader.whole(of: sources) {
                _ = NamesLoader.tell(names)
                try writer.add(sharing.redacting(names))
            }
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
