import ArgumentParser
import Filters
import KernelState
import Rendering

struct ServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service",
        abstract: "Show services and their backends: which of them answers, which does not, and the numbers that say so.",
        discussion: """
            Services come from IPVS, and from conntrack: every address that clients ask and something else answers for. Each \
            backend is shown with the states of its connections in both tables and a verdict:

              answering   it replies
              silent      it replied to no new connection
              partial     some of its connections wait for a reply
              idle        it has no connections
              draining    its weight is 0
              stale       it has connections, and the service no longer has it
              undecided   no table tells whether it replies

            Filters choose services and connections as they do for `kstate conn`; --state and --unreplied choose backends that \
            have such connections, and the verdict is still on all of theirs. --watch into a pipe prints a line for each verdict that \
            is new, for each backend that is gone, and for each service of IPVS that has no-backends.

            EXAMPLES
              kstate service --port 9153               which backend is silent
              kstate service --unreplied --sort verdict
              kstate service --watch                   live, with rates
              kstate service -o json                   for a script; docs/schema describes it
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Where to look") var sources: SourceOptions
    @OptionGroup(title: "Names") var kube: KubeOptions

    // A key may begin with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Sort by service, name, verdict, connections, unreplied or oldest; -KEY sorts downwards.", valueName: "key"))
    var sort: String?

    @Flag(
        name: .shortAndLong,
        help: "Go on showing services: a live table on a terminal, news of verdicts or (jsonl) a document an interval into a pipe.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between the documents or looks of --watch.", valueName: "seconds"))
    var interval: Double = 2

    func validate() throws {
        if let sort, ServiceOrder(sort) == nil {
            throw ValidationError("--sort \(sort): unknown; give \(ServiceOrder.keyNames), with - before it to sort downwards")
        }
        if output.output == .conntrack {
            throw ValidationError("-o conntrack: those lines are of connections; give table, wide, json, jsonl or csv, or use kstate conn")
        }
        if watch { try WatchRun.validate(output, sources) }
        guard interval >= 0.1, interval <= 86_400 else { throw ValidationError("--interval \(interval): give 0.1 to 86400 seconds") }
        _ = try filters.resolved()
    }

    private var order: ServiceOrder { sort.flatMap { ServiceOrder($0) } ?? ServiceOrder(key: .service) }

    func run() throws {
        let loader = NamesLoader(kube)
        let filter = try filters.resolved()
        func reading(of sources: [any StateSource]) -> ServiceReading {
            ServiceReading(filter: filter, mode: filters.kernelFilter, names: loader.reportNames(of: sources))
        }
        if watch {
            try runWatch(reading(of: []))
            return try loader.finish()
        }
        let sources = try sources.resolved()
        try ServiceReport(reading: reading(of: sources), output: output, order: order).run(sources)
        try loader.finish()
    }

    private func runWatch(_ reading: ServiceReading) throws {
        reading.names?.load()
        let header = ReportHeader(places: [])
        let counts = WatchedServices(reading: reading, order: order)
        let selection = WatchSelection(filter: reading.filter.ofServices, mode: reading.mode, wholeServices: true)
        let watch = WatchRun(command: "service", places: sources.place, selection: selection, format: output.output)
        try watch.run(screen: ServiceContent(header: header, counts: counts, interval: interval)) {
            ServiceLines($0, header: header, counts: counts, interval: interval)
        }
    }
}
