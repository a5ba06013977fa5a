import ArgumentParser
import Filters
import KernelState
import Rendering

struct ConnCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conn",
        abstract: "Show connections: client, service, backend, and the state that IPVS and conntrack hold.",
        discussion: """
            Reads the conntrack table (with CAP_NET_ADMIN) and the IPVS table, and joins their entries. A table that is not \
            there is named on standard error with the reason, and the other is shown.

            EXAMPLES
              kstate conn --port 9153                 who talks to the metrics port, and which pod does not answer
              kstate conn --port 53,9153 --watch      the same, live
              kstate conn --unreplied -o json         what waits for an answer, for a script
              kstate conn --from incident.kstate      what a snapshot has kept
              kstate conn --pid 4242 -o wide          inside a container's network namespace
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var arrangement: ConnectionOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions
    @OptionGroup(title: "Names") var kube: KubeOptions

    @Flag(name: .shortAndLong, help: "Go on showing connections as they change: a live table on a terminal, a line an event into a pipe.")
    var watch = false

    @Flag(help: "List the entries that are leaving the conntrack table.")
    var dying = false

    @Flag(help: "List the conntrack entries whose first packet is still on its way; Linux 5.19 and later keep no list of them.")
    var unconfirmed = false

    func validate() throws {
        if dying, unconfirmed { throw ValidationError("--dying and --unconfirmed exclude each other: give one of them") }
        if dying || unconfirmed, filters.table == "ipvs" {
            throw ValidationError("--table ipvs and --\(dying ? "dying" : "unconfirmed") exclude each other: only conntrack has such a list")
        }
        if watch, dying || unconfirmed { throw ValidationError("--watch does not go with --dying or --unconfirmed") }
        if watch { try validateWatch() }
        _ = try filters.resolved()
        _ = try arrangement.columns(of: output.output)
    }

    private func validateWatch() throws {
        try WatchRun.validate(output, sources)
        guard !OutputOptions.isTerminal, arrangement.sort != nil || arrangement.columns != nil else { return }
        throw ValidationError("--watch into a pipe prints events as they come: --sort and --columns are for the table on a terminal")
    }

    func run() throws {
        let filter = try filters.resolved()
        let loader = NamesLoader(kube)
        if watch {
            try runWatch(filter, loader.reportNames(of: []))
            return try loader.finish()
        }
        let sources = try sources.resolved()
        let report = ConnectionReport(
            filter: filter, mode: filters.kernelFilter, list: dying ? .dying : unconfirmed ? .unconfirmed : .confirmed, output: output,
            arrangement: arrangement, names: loader.reportNames(of: sources))
        noteIdleKernelFilter(filter, sources)
        noteMissingList(sources)
        try report.run(sources)
        try loader.finish()
    }

    /// A kernel that keeps no list answers as one whose list is empty.
    private func noteMissingList(_ sources: [any StateSource]) {
        guard unconfirmed, let kernel = sources.lazy.map({ KernelVersion(release: $0.place.kernel) }).max(), kernel >= Self.withoutUnconfirmed
        else { return }
        printError("kstate: note: Linux 5.19 and later keep no list of unconfirmed entries: none are shown, whether or not there are any")
    }

    private static let withoutUnconfirmed = KernelVersion(major: 5, minor: 19)

    /// Whoever demands the kernel's filter is told where there is none to be had, and gets the right answer all the same.
    private func noteIdleKernelFilter(_ filter: ConnectionFilter, _ sources: [any StateSource]) {
        guard filters.kernelFilter == .always, filter.table != .ipvs, let place = sources.first(where: { $0.conntrackSize != nil })?.place else {
            return
        }
        let plan = KernelFilterPlan(filter, kernel: KernelVersion(release: place.kernel))
        if let note = plan.noteOnAlways { printError("kstate: note: \(note)") }
    }

    private func runWatch(_ filter: ConnectionFilter, _ names: ReportNames?) throws {
        names?.load()
        let header = ReportHeader(places: [], names: names)
        let selection = WatchSelection(filter: filter, mode: filters.kernelFilter)
        let watch = WatchRun(command: "conn", places: sources.place, selection: selection, format: output.output)
        let content = ConnectionContent(header: header, columns: try arrangement.columns(of: output.output), order: arrangement.order)
        try watch.run(screen: content) { EventLines($0, header: header) }
    }
}
