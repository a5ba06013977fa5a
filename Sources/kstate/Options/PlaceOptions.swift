import ArgumentParser
import Glibc
import KernelState
import Netlink

/// Where to look on this node: the process' own network namespace unless another is named.
struct PlaceOptions: ParsableArguments {
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

    /// The live kernel's places as there are by now, each with the time of the call.
    ///
    /// - Throws: what could not be found.
    func live() throws(KernelStateError) -> [LiveSource] {
        if let netns { return [try LiveSource(NamespaceSearch.named(netns))] }
        if let pid { return [try LiveSource(NamespaceSearch.ofProcess(pid))] }
        guard allNetns else { return [try LiveSource(NamespaceSearch.own())] }
        var sources: [LiveSource] = []
        for found in try NamespaceSearch.all() {
            do throws(KernelStateError) {
                sources.append(try LiveSource(found))
            } catch {
                // A namespace may go between being found and being opened: it then holds nothing any more.
                if error.code == EMFILE || error.code == ENFILE { throw error }
            }
        }
        return sources
    }
}
