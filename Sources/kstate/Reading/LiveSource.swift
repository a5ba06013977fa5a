import Conntrack
import IPVS
import KernelState
import Netlink
import NodeReading

/// The kernel's state in one network namespace, as it is when it is asked for.
final class LiveSource: StateSource {
    let place: Place
    let handle: NamespaceHandle
    let found: FoundNamespace

    /// - Throws: the errno of opening the namespace.
    init(_ found: FoundNamespace) throws(KernelStateError) {
        handle = try NamespaceHandle(path: found.path)
        self.found = found
        place = Place(node: Host.name, kernel: Host.kernelRelease, namespace: found.namespace, takenAt: Host.now)
    }

    var conntrackSize: ConntrackTableSize? {
        ConntrackTableSize(
            entries: TableGauge.entriesOfAllNamespaces(),
            buckets: KernelFile.number(at: "/proc/sys/net/netfilter/nf_conntrack_buckets") ?? 0,
            isSparse: (try? handle.inside { SparseTable.isExpected }) ?? false)
    }

    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        try handle.inside { () throws(KernelStateError) in try ConntrackTable(list, walks: walks, ports: selection?.portsAlone ?? []) }
    }

    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        try handle.inside { () throws(KernelStateError) in try IPVSConnectionTable() }
    }

    func services() throws(KernelStateError) -> [VirtualService] {
        try handle.inside { () throws(KernelStateError) in try ServiceTable.services() }
    }

    func plainServices() throws(KernelStateError) -> [VirtualService] {
        try handle.inside { () throws(KernelStateError) in try IPVSAvailability.servicesFromProc() }
    }

    func facts() -> NodeFacts { NodeFactsReader.facts(of: handle, path: found.path) }
}
