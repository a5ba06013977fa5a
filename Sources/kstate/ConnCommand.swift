import ArgumentParser
import CLinux
import Conntrack
import ConntrackText
import Filters
import Glibc
import KernelState
import Netlink
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
              kstate conn --pid 4242 -o wide          inside a container's network namespace
            """)

    @OptionGroup(title: "Filters") var filters: FilterOptions
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Where to look") var namespaces: NamespaceOptions

    @Flag(help: "List the entries that are leaving the conntrack table.")
    var dying = false

    @Flag(help: "List the conntrack entries whose first packet is still on its way; recent kernels show none.")
    var unconfirmed = false

    func validate() throws {
        if dying, unconfirmed { throw ValidationError("--dying and --unconfirmed exclude each other: give one of them") }
        if dying || unconfirmed, filters.table == "ipvs" {
            throw ValidationError("--table ipvs and --\(dying ? "dying" : "unconfirmed") exclude each other: only conntrack has such a list")
        }
        _ = try filters.resolved()
    }

    func run() throws {
        let report = try ConnectionReport(
            filter: filters.resolved(), mode: filters.kernelFilter, list: dying ? .dying : unconfirmed ? .unconfirmed : .confirmed,
            output: output)
        try report.run(in: try resolvedNamespaces())
    }

    private func resolvedNamespaces() throws -> [FoundNamespace] {
        do throws(KernelStateError) {
            return try namespaces.resolved()
        } catch {
            printError("kstate: \(error)")
            throw ExitStatus.unreadable
        }
    }
}
