import ArgumentParser
import KernelState
import Netlink

/// Where to look: this network namespace unless something else is named.
struct NamespaceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read the network namespace NAME, as `ip netns` knows it, or the one at a path.", valueName: "name|path"))
    var netns: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Read the network namespace of a process: a container's, as `nsenter -t PID -n` finds it.", valueName: "pid"))
    var pid: Int32?

    @Flag(name: .long, help: "Read every network namespace that a process or a mount holds, each once.")
    var allNetns = false

    func validate() throws {
        let given = [netns != nil, pid != nil, allNetns].filter { $0 }.count
        if given > 1 { throw ValidationError("--netns, --pid and --all-netns exclude each other: give one of them") }
        if let pid, pid <= 0 { throw ValidationError("--pid \(pid): a process id is a number above 0") }
    }

    /// The namespaces to read, one at least.
    func resolved() throws(KernelStateError) -> [FoundNamespace] {
        if allNetns { return try NamespaceSearch.all() }
        if let netns { return [try NamespaceSearch.named(netns)] }
        if let pid { return [try NamespaceSearch.ofProcess(pid)] }
        return [try NamespaceSearch.own()]
    }
}
