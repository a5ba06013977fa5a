import ArgumentParser
import KernelState
import Netlink

/// Where to look: this network namespace unless something else is named.
struct SourceOptions: ParsableArguments {
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

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read a snapshot, a recorder's directory, or what conntrack, ipvsadm or sos have saved, instead of this node. May be repeated.",
            valueName: "path"))
    var from: [String] = []

    @OptionGroup var stretch: StretchOptions

    func validate() throws {
        let given = [netns != nil, pid != nil, allNetns].filter { $0 }.count
        if given > 1 { throw ValidationError("--netns, --pid and --all-netns exclude each other: give one of them") }
        if let pid, pid <= 0 { throw ValidationError("--pid \(pid): a process id is a number above 0") }
        if from.isEmpty, stretch.isGiven {
            throw ValidationError("--since and --until pick a moment of what was saved: give it with --from")
        }
        if !from.isEmpty, pid != nil || allNetns {
            throw ValidationError("--from and --\(allNetns ? "all-netns" : "pid") exclude each other: a file has the namespaces that it has")
        }
    }

    /// What to read, one place at least.
    ///
    /// - Throws: what could not be found.
    func resolved() throws -> [any StateSource] {
        if from.isEmpty { return try live() }
        return try SavedSources.open(from, namespace: netns, stretch: stretch)
    }

    /// The samples that the files have kept, for whoever compares them.
    ///
    /// - Parameter count: how many of a recorder's directory, where no stretch of time is given.
    func samples(_ count: Int) throws -> [any StateSource] {
        try SavedSources.samples(from, namespace: netns, stretch: stretch, count: count)
    }

    /// The live kernel's places as there are by now, each with the time of the call.
    func live() throws(KernelStateError) -> [LiveSource] {
        if let netns { return [try LiveSource(NamespaceSearch.named(netns))] }
        if let pid { return [try LiveSource(NamespaceSearch.ofProcess(pid))] }
        guard allNetns else { return [try LiveSource(NamespaceSearch.own())] }
        // A namespace may go between being found and being opened: it then holds nothing any more.
        return try NamespaceSearch.all().compactMap { found in try? LiveSource(found) }
    }
}
