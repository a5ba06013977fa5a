import KernelState

/// A source with what it was given.
struct MemorySource: StateSource {
    var place = Place(
        node: "node1", kernel: "6.1.176", namespace: NetworkNamespace(name: "host", inode: 4_026_531_840), takenAt: 1_763_940_730_123_000_000)
    var flows: [Flow] = []
    var rows: [IPVSConnection] = []
    var saved: [VirtualService] = []
    var known = NodeFacts()
    var coverage = TableCoverage(available: true, complete: true)
    var ipvsError: KernelStateError?
    /// Thrown once all entries were handed out.
    var dumpError: KernelStateError?

    var conntrackSize: ConntrackTableSize? { nil }

    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        MemoryEntries(list == .confirmed ? flows : [], coverage, dumpError)
    }

    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        if let ipvsError { throw ipvsError }
        return MemoryEntries(rows, coverage, nil)
    }

    func services() throws(KernelStateError) -> [VirtualService] {
        if let ipvsError { throw ipvsError }
        return saved
    }

    func facts() -> NodeFacts { known }
}

private final class MemoryEntries<Entry>: EntrySource {
    private var rest: ArraySlice<Entry>
    private(set) var coverage: TableCoverage
    private let error: KernelStateError?

    init(_ entries: [Entry], _ coverage: TableCoverage, _ error: KernelStateError?) {
        rest = entries[...]
        self.coverage = coverage
        self.coverage.read = entries.count
        self.error = error
    }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        for entry in rest.prefix(100) where wanted(entry) { body(entry) }
        rest = rest.dropFirst(100)
        if rest.isEmpty, let error { throw error }
        return !rest.isEmpty
    }
}

extension EntrySource {
    /// Everything that the source hands out, and how it ended.
    func all() -> (entries: [Entry], error: KernelStateError?) where Entry: Copyable {
        var entries: [Entry] = []
        do throws(KernelStateError) {
            while try next(where: { _ in true }, { entries.append(copy $0) }) {}
            return (entries, nil)
        } catch {
            return (entries, error)
        }
    }
}

/// An entry of one client and one service, which its port tells from others.
func flow(_ port: UInt16, id: UInt32 = 1, timeout: UInt32? = 100) -> Flow {
    let client = IPAddress(ipv4: 0x0a00_0001), service = IPAddress(ipv4: 0x0a00_0002)
    var flow = Flow(
        original: Tuple(source: client, destination: service, transport: .tcp, detail: .ports(source: port, destination: 53)),
        reply: Tuple(source: service, destination: client, transport: .tcp, detail: .ports(source: 53, destination: port)))
    (flow.id, flow.timeout) = (id, timeout)
    return flow
}
