import ArgumentParser

struct SnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Save the kernel's view in a file, and look at it anywhere.",
        discussion: """
            A snapshot is one SQLite file with everything that kstate can read on a node. Every command that reads the kernel \
            reads it with --from.

            EXAMPLES
              kstate snapshot save incident.kstate            on the node
              kstate conn --from incident.kstate --port 53    on a laptop, a year later
              kstate snapshot diff before.kstate after.kstate
            """,
        subcommands: [SnapshotSaveCommand.self, SnapshotInfoCommand.self, SnapshotDiffCommand.self, SnapshotImportCommand.self])
}
