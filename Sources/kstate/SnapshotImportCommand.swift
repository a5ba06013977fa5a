import ArgumentParser
import Imports
import KernelState
import Snapshots

struct SnapshotImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a snapshot of what other tools have saved.",
        discussion: """
            Reads what conntrack, ipvsadm, ip, bridge, sysctl and the kernel's files under /proc/net have printed, in files, packed by \
            gzip or not, or whole directories such as an sos report, and writes one snapshot of it. What a text is tells its content, \
            not its name. A line that cannot be read is counted and named, and the rest is kept.

            EXAMPLES
              kstate snapshot import conntrack.txt.gz ipvsadm.txt node1.kstate
              kstate snapshot import sosreport-node1/ node1.kstate

            Every reading command reads the same with --from, without a snapshot.
            """)

    @Argument(help: ArgumentHelp("The files or directories to read, and last the snapshot to write.", valueName: "path"), completion: .file())
    var paths: [String]

    func validate() throws {
        if paths.count < 2 { throw ValidationError("import needs what to read, and last the snapshot to write") }
    }

    func run() throws {
        let file = paths[paths.count - 1]
        let start = Host.uptime
        let sources = try ImportSearch.sources(at: Array(paths.dropLast()))
        ImportReport.notePassedOver(among: sources)
        let writer = try SnapshotWriter(path: file, program: "kstate \(Kstate.version)")
        let report = ImportReport(sources, try writer.add(sources))
        try writer.finish()
        report.print(file: file, seconds: Host.uptime - start)
        if report.isFailure { throw ExitStatus.unreadable }
    }
}
