import ArgumentParser
import Filters
import Glibc
import KernelState
import Rendering
import Terminal

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
              kstate conn --pid 4242 -o wide          inside a container's network namespace
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Output") var arrangement: ConnectionOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions

    @Flag(name: .shortAndLong, help: "Go on showing connections as they change: a live table on a terminal, a line an event into a pipe.")
    var watch = false

    @Flag(help: "List the entries that are leaving the conntrack table.")
    var dying = false

    @Flag(help: "List the conntrack entries whose first packet is still on its way; recent kernels show none.")
    var unconfirmed = false

    func validate() throws {
        if dying, unconfirmed { throw ValidationError("--dying and --unconfirmed exclude each other: give one of them") }
        if dying || unconfirmed, filters.table == "ipvs" {
            throw ValidationError("--table ipvs and --\(dying ? "dying" : "unconfirmed") exclude each other: only conntrack has such a list")
        }
        if watch { try validateWatch() }
        _ = try filters.resolved()
        _ = try arrangement.columns(of: output.output)
    }

    private func validateWatch() throws {
        if dying || unconfirmed || output.count || output.limit != nil {
            throw ValidationError("--watch does not go with --dying, --unconfirmed, --count or --limit")
        }
        if ![.table, .wide, .jsonl].contains(output.output) {
            throw ValidationError("--watch and -o \(output.output.rawValue) exclude each other: a watch prints a table or jsonl")
        }
    }

    func run() throws {
        let filter = try filters.resolved()
        let sources = try sources.resolved()
        if watch { return try runWatch(filter, sources) }
        let report = ConnectionReport(
            filter: filter, mode: filters.kernelFilter, list: dying ? .dying : unconfirmed ? .unconfirmed : .confirmed, output: output,
            arrangement: arrangement)
        try report.run(sources)
    }

    private func runWatch(_ filter: ConnectionFilter, _ sources: [LiveSource]) throws {
        let header = ReportHeader(places: sources.map(\.place))
        try runReporting { () throws(KernelStateError) in
            let signals = try SignalQueue()
            if output.output != .jsonl, OutputOptions.isTerminal, let session = TerminalSession(descriptor: STDIN_FILENO) {
                let content = ConnectionContent(header: header, order: arrangement.order)
                let live = LiveOutput(session, title: WatchTitle.of("conn", header.places), content: content)
                try ConnectionWatch(sources, filter: filter, mode: filters.kernelFilter, output: live).run(signals)
            } else {
                let lines = EventLines(output.output == .jsonl ? .json : .text, header: header)
                try ConnectionWatch(sources, filter: filter, mode: filters.kernelFilter, output: lines).run(signals)
            }
        }
    }
}

/// Runs what reads the kernel, and says why when it cannot.
func runReporting(_ body: () throws(KernelStateError) -> Void) throws(ExitStatus) {
    do throws(KernelStateError) {
        try body()
    } catch {
        printError("kstate: \(error)")
        throw ExitStatus.unreadable
    }
}
