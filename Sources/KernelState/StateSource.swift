/// Something that hands out a table's entries portion by portion: the live kernel's, a file's, or a test's.
public protocol EntrySource<Entry>: AnyObject {
    associatedtype Entry

    /// How much of the table was seen; final once ``next(where:_:)`` gave false.
    var coverage: TableCoverage { get }

    /// Hands a portion's entries that are `wanted` to `body`, each once; false when there is nothing more.
    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool
}

/// Which of the kernel's lists of conntrack entries is read.
public enum ConntrackList: Sendable {
    /// The table itself.
    case confirmed
    /// Entries that have left the table while their event is not yet delivered (`IPCTNL_MSG_CT_GET_DYING`, Linux 3.8).
    case dying
    /// Entries whose first packet is still on its way (`IPCTNL_MSG_CT_GET_UNCONFIRMED`, Linux 3.8; always empty since 5.19).
    case unconfirmed
}

/// How much a walk of the conntrack table passes over.
public struct ConntrackTableSize: Hashable, Sendable {
    /// Entries of all namespaces together, which share one table; nil when the kernel does not tell.
    public var entries: UInt64?
    /// Buckets of the table's hash.
    public var buckets: UInt64
    /// True when the namespace itself has so few entries that reading them all takes no walk.
    public var isSparse: Bool

    public init(entries: UInt64?, buckets: UInt64, isSparse: Bool = false) {
        self.entries = entries
        self.buckets = buckets
        self.isSparse = isSparse
    }
}

/// The part of the conntrack table that a question about ports concerns: a source that can leave the rest out quickly may do so.
public struct PortSelection: Hashable, Sendable {
    /// Entries that have one of these ports in either tuple.
    public var ports: [UInt16]
    /// And entries whose original destination is one of these.
    public var destinations: Set<Endpoint>

    public init(ports: [UInt16], destinations: Set<Endpoint>) {
        self.ports = ports
        self.destinations = destinations
    }

    /// The ports, where an entry without any of them is not wanted whatever else it has; empty where that is not so.
    public var portsAlone: [UInt16] { destinations.isEmpty ? ports : [] }
}

/// One network namespace of one node whose state can be read: of the live kernel, a snapshot, or what other tools have saved.
///
/// Every command reads through this, so that it works on a file as it does on a node.
public protocol StateSource {
    var place: Place { get }

    /// How large the conntrack table is, for whoever plans walks that the kernel filters; nil where nothing can filter.
    var conntrackSize: ConntrackTableSize? { get }

    /// - Parameters:
    ///   - list: which of the kernel's lists.
    ///   - walks: what the kernel is asked to filter, where there is one; nil reads the whole table.
    ///   - selection: what it leaves out need not be handed out; nil asks for all.
    /// - Throws: why it cannot be read: with `ENOENT` as its code where there is no such table, with `EPERM` where the right is missing.
    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow>

    /// - Throws: why it cannot be read: with `ENOENT` as its code where there is no IPVS.
    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection>

    /// The virtual services with their backends. The error, with `ENOENT` as its code, where there is no IPVS.
    func services() throws(KernelStateError) -> [VirtualService]

    /// The same for whom their addresses, weights and ways of forwarding are enough: without counters, where that is cheaper.
    func plainServices() throws(KernelStateError) -> [VirtualService]

    /// What else is known of the namespace and its node, as far as it could be read.
    func facts() -> NodeFacts

    /// The cluster's names, where the source keeps them; nil where somebody else must be asked.
    func savedNames() throws(KernelStateError) -> SavedNames?
}

extension StateSource {
    public func plainServices() throws(KernelStateError) -> [VirtualService] { try services() }

    /// - Parameter whole: whether all is wanted that is known of them, their counters too, rather than what a join takes.
    public func services(whole: Bool) throws(KernelStateError) -> [VirtualService] { try whole ? services() : plainServices() }

    public func savedNames() throws(KernelStateError) -> SavedNames? { nil }

    /// All that the walks find.
    public func openConntrack(_ list: ConntrackList, walks: [KernelWalk]?) throws(KernelStateError) -> any EntrySource<Flow> {
        try openConntrack(list, walks: walks, selection: nil)
    }
}
