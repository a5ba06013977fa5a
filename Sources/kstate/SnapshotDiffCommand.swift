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
            """)

    @Argument(help: "The earlier snapshot.")
    var before: String

    @Argument(help: "The later snapshot.")
    var after: String

    @Option(name: .shortAndLong, help: ArgumentHelp("The output's form.", valueName: "table|json"))
    var output: Format = .table

    func run() throws {
        let sides: (before: [any StateSource], after: [any StateSource])
        do throws(KernelStateError) {
            sides = (try SavedSources.open([before], namespace: nil), try SavedSources.open([after], namespace: nil))
        } catch {
            printError("kstate: \(error)")
            throw ExitStatus.unreadable
        }
        let report = DifferenceReport(before: sides.before, after: sides.after)
        switch output {
        case .table: try report.run(DifferenceText())
        case .json: try report.run(DifferenceJSON())
        }
    }
}
