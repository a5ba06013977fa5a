import ArgumentParser
import Diagnosis
import Filters
import Glibc
import KernelState
import Rendering

struct DoctorCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong with this node's service traffic: the evidence, the cause, and the next command.",
        discussion: """
            Reads the tables, counters and settings several times and asks every rule about them. Nothing is changed, and none of the \
            commands that it prints is run.

            Exit status: 0 nothing found but hints (info), 3 a warning or worse was found, 1 a table, or the file of --kube, could not be read, \
            2 bad usage.

            EXAMPLES
              kstate doctor                           look at this node for about six seconds
              kstate doctor --port 53                 at the DNS service alone
              kstate doctor --pid 4242                at a pod's own namespace, and at its resolv.conf
              kstate doctor --samples 1 -o json       one reading, for a script
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions
    @OptionGroup(title: "Names") var kube: KubeOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The output's form.", valueName: "format"))
    var output: Format = .table

    @Option(
        help: ArgumentHelp(
            "How often the tables are read, or how many of a recording's samples are. With one nothing can be said about what needs "
                + "time.", valueName: "number"))
    var samples: Int = 3

    @Option(help: ArgumentHelp("Seconds from one reading to the next.", valueName: "seconds"))
    var interval: Double = 2.5

    func validate() throws {
        if !(1...1_000).contains(samples) { throw ValidationError("--samples \(samples): give a number from 1 to 1000") }
        if !(0.1...3_600).contains(interval) { throw ValidationError("--interval \(interval): give seconds from 0.1 to 3600") }
        _ = try filters.resolved()
    }

    func run() throws {
        let filter = try filters.resolved()
        let names = NamesLoader(kube)
        let plan =
            sources.from.isEmpty
            ? SamplePlan(live: try sources.live(), samples: samples, interval: interval) : SamplePlan(saved: try sources.samples(samples))
        var round = DoctorRound(plan, filter: filter, mode: filters.kernelFilter, isFiltered: filters.narrows)
        let report = round.run(names: names)
        try print(report)
        for note in round.summary.notes { printError("kstate: \(note)") }
        if let worst = report.diagnosis.worst, worst >= .warning { throw ExitStatus.foundSomething }
        if round.summary.isFailure { throw ExitStatus.unreadable }
        try names.finish()
    }

    private func print(_ report: FindingsReport) throws {
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        switch output {
        case .json: report.writeJSON(to: &sink)
        case .table: FindingsText(report, width: OutputOptions.width, colour: OutputOptions.colour).write(to: &sink)
        }
        try sink.finish()
    }
}
