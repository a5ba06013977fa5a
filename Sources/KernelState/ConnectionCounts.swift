/// How many connections are in a state, by the kernel's name for it.
public struct StateCount: Hashable, Sendable {
    public var name: String
    public var count: Int

    public init(name: String, count: Int) {
        self.name = name
        self.count = count
    }
}

/// The connections of a backend, counted. Persistence templates are none: they carry no packets.
public struct ConnectionCounts: Hashable, Sendable {
    public var total = 0
    /// The states of those that conntrack has, the most frequent first. Protocols without states count by `UNREPLIED`,
    /// `SEEN_REPLY` and `ASSURED`, flow-table entries, of which the kernel tells no state, by `OFFLOAD` and `HW_OFFLOAD`.
    public var conntrack: [StateCount] = []
    /// The states of those that IPVS has.
    public var ipvs: [StateCount] = []
    /// Those that a table shows answered.
    public var replied = 0
    /// Those that a table which would know shows unanswered. The rest of ``total`` is neither: no table tells.
    public var unreplied = 0
    /// Of the unreplied ones those whose last packet is more than a second old.
    public var overdue = 0
    /// Seconds that the oldest unreplied connection has waited, at the least: since its start where the kernel keeps that
    /// (`net.netfilter.nf_conntrack_timestamp` = 1), else since its last packet, which a client's repetitions renew: the
    /// state's full timeout less what is left of it, less the second that the kernel rounds away.
    public var oldestUnreplied: Double?
    /// Seconds since the last packet of the replied connection that had one last; nil when none was replied, 0 when unknown.
    public var quietFor: Double?
    /// IPVS persistence templates that pin clients to the backend.
    public var templates = 0
    /// Packets and bytes of the entries that conntrack counts (`net.netfilter.nf_conntrack_acct` = 1).
    public var traffic: FlowCounters?

    public init() {}
}
