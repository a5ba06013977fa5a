import ArgumentParser
import KernelState

struct SnapshotDiffCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two snapshots.",
        discussion: """
            New, ended and changed connections, services, backends, settings and counters. Timers and counters of connections are \
            no change. Places are paired by their node and namespace; where each file has one alone, those two are compared.

            With one file or directory, two of its moments are compared: those of --since and --until. With two, --since is the moment of \
            the first and --until that of the second.

            EXAMPLES
              kstate snapshot diff before.kstate after.kstate
              kstate snapshot diff /var/lib/kstate --since 03:00 --until 03:05
            """)

    @Argument(help: "The earlier snapshot.", completion: .file())
    var before: String

    @Argument(help: "The later snapshot; without, --since and --until name two moments of the first.", completion: .file())
    var after: String?

    @OptionGroup(title: "When") var stretch: StretchOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("The output's form.", valueName: "table|json"))
    var output: Format = .table

    func validate() throws {
        if after == nil, stretch.since == nil {
            throw ValidationError("one file has nothing to be compared with: give a later one too, or --since for two of its moments")
        }
    }

    func run() throws {
        let sides = try SavedSources.pair(before, after ?? before, stretch: stretch)
        let report = DifferenceReport(before: sides.before, after: sides.after)
        switch output {
        case .table: try report.run(DifferenceText())
        case .json: try report.run(DifferenceJSON())
        }
    }
}
