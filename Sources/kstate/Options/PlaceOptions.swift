import ArgumentParser
import KernelState
import Netlink

/// Where to look on this node: the process' own network namespace unless another is named.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read the network namespace NAME, as `ip netns` knows it, or the one at a path. May be repeated.", valueName: "name|path"),
        completion: .shellCommand("ls /run/netns 2>/dev/null"))
    var netns: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read the network namespace of a process: a container's, as `nsenter -t PID -n` finds it. May be repeated.", valueName: "pid"))
    var pid: [Int32] = []

    @Flag(name: .long, help: "Read every network namespace that a process or a mount holds, each once.")
    var allNetns = false

    func validate() throws {
        let given = [!netns.isEmpty, !pid.isEmpty, allNetns].filter { $0 }.count
        if given > 1 { throw ValidationError("--netns, --pid and --all-netns exclude each other: give one of them") }
        for pid in pid where pid <= 0 { throw ValidationError("--pid \(pid): a process id is a number above 0") }
    }

    /// The live kernel's places as there are by now, each with the time of the call.
    ///
    /// - Throws: what could not be found.
    func live() throws(KernelStateError) -> [LiveSource] { try sources(found()) }

    /// What is asked for, each once: one namespace may have several names, and several processes.
    ///
    /// - Throws: what could not be found.
    func found() throws(KernelStateError) -> [FoundNamespace] {
        if allNetns { return try NamespaceSearch.all() }
        var found: [FoundNamespace] = []
        for name in netns { found.append(try NamespaceSearch.named(name)) }
        for pid in pid { found.append(try NamespaceSearch.ofProcess(pid)) }
        if found.isEmpty { found.append(try NamespaceSearch.own()) }
        var inodes: Set<UInt64> = []
        return found.filter { inodes.insert($0.namespace.inode).inserted }
    }

    /// False where the own namespace is read: it is there as long as this process.
    var canComeAndGo: Bool { allNetns || !netns.isEmpty || !pid.isEmpty }

    /// Those that are there by now, without those that are not. A process has the namespace that it had: its number may be another's
    /// by now.
    ///
    /// - Throws: `EMFILE` or `ENFILE` where there are not files enough to look.
    func present() throws(KernelStateError) -> [FoundNamespace] {
        if allNetns { return try NamespaceSearch.all() }
        return netns.compactMap { try? NamespaceSearch.named($0) }
    }

    /// Opens what was found. Of all there are, one may go between being found and being opened: it then holds nothing any more.
    func sources(_ found: [FoundNamespace]) throws(KernelStateError) -> [LiveSource] {
        var sources: [LiveSource] = []
        for namespace in found {
            do throws(KernelStateError) {
                sources.append(try LiveSource(namespace))
            } catch {
                if !allNetns || error.isShortageOfFiles { throw error }
            }
        }
        return sources
    }
}
