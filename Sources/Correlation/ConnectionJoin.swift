public import KernelState

/// What both tables call a connection by: no translation changes any of it.
struct JoinKey: Hashable, Sendable {
    var transport: TransportProtocol
    var client: Endpoint
    var service: Endpoint

    /// Reads the key of a conntrack entry; an entry that the backend began is turned round.
    init(_ flow: Flow, services: ServiceIndex) {
        let reversed = services.isReversed(flow)
        transport = flow.transport
        client = reversed ? flow.original.destinationEndpoint : flow.original.sourceEndpoint
        service = reversed ? flow.reply.destinationEndpoint : flow.original.destinationEndpoint
    }

    init(_ row: IPVSConnection) {
        transport = row.transport
        client = row.client
        service = row.service
    }

    var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.mix(UInt64(transport.rawValue))
        fingerprint.mix(client)
        fingerprint.mix(service)
        return fingerprint
    }

    /// One word for the hasher instead of fourteen: the fingerprint has mixed them already.
    func hash(into hasher: inout Hasher) { hasher.combine(fingerprint.value) }
}

/// Joins the entries of one namespace's two tables into connections, in whatever order they come.
///
/// An entry without its twin waits for it until the other table has ended, and then stands alone, in the order of their coming. When
/// that table has ended already, nothing waits: so memory grows with the table that ends first, and with what of the other had come
/// by then.
public struct ConnectionJoin: Sendable {
    private var flows = Waiting<Flow>()
    private var rows = Waiting<IPVSConnection>()
    private var moreFlows: Bool
    private var moreRows: Bool
    private let services: ServiceIndex

    /// - Parameters:
    ///   - conntrack: whether conntrack entries will come.
    ///   - ipvs: whether IPVS entries will come.
    ///   - services: what IPVS serves.
    public init(conntrack: Bool, ipvs: Bool, services: ServiceIndex = ServiceIndex()) {
        moreFlows = conntrack
        moreRows = ipvs
        self.services = services
    }

    /// Conntrack entries that wait for IPVS.
    public var waitingFlows: Int { flows.count }
    /// IPVS entries that wait for conntrack.
    public var waitingRows: Int { rows.count }

    /// Takes a conntrack entry: hands out what is settled by it, which may be another that waited, or keeps it for its twin.
    @inline(__always)
    public mutating func add(_ flow: Flow, _ emit: (Connection) -> Void) {
        guard moreRows || !rows.isEmpty else {
            emit(Connection(flow, services: services))
            return
        }
        let key = JoinKey(flow, services: services)
        if Self.claim(flow) == Self.fullClaim, let row = rows.remove(key) {
            if let lesser = flows.remove(key) { emit(Connection(lesser, services: services)) }
            emit(Connection(flow, row, services: services))
        } else if moreRows || rows.contains(key) {
            wait(flow, key, emit)
        } else {
            emit(Connection(flow, services: services))
        }
    }

    /// The same for an entry of IPVS.
    public mutating func add(_ row: IPVSConnection, _ emit: (Connection) -> Void) {
        // A template carries no packets: conntrack has no entry for it.
        guard !row.isTemplate, moreFlows || !flows.isEmpty else {
            emit(Connection(row, services: services))
            return
        }
        let key = JoinKey(row)
        if let flow = flows.remove(key, where: { [moreFlows] in !moreFlows || Self.claim($0) == Self.fullClaim }) {
            emit(Connection(flow, row, services: services))
        } else if moreFlows {
            if let earlier = rows.remove(key) { emit(Connection(earlier, services: services)) }
            rows.add(row, key)
        } else {
            emit(Connection(row, services: services))
        }
    }

    /// No conntrack entry will come any more: the best claim on a row of IPVS has it, and what nobody claims stands alone.
    public mutating func endFlows(_ emit: (Connection) -> Void) {
        moreFlows = false
        var flows = Waiting<Flow>()
        swap(&flows, &self.flows)
        rows.removeAll { key, row in
            emit(flows.remove(key).map { Connection($0, row, services: services) } ?? Connection(row, services: services))
        }
        swap(&flows, &self.flows)
    }

    /// No IPVS entry will come any more: what conntrack has without one stands alone.
    public mutating func endRows(_ emit: (Connection) -> Void) {
        moreRows = false
        var claiming = Waiting<Flow>()
        flows.removeAll { key, flow in
            if rows.contains(key) { claiming.add(flow, key) } else { emit(Connection(flow, services: services)) }
        }
        flows = claiming
    }

    /// Entries of several zones may share a key and are never merged: one of them, that of zone 0 if any, is IPVS's. So may those of
    /// several times, where a stretch of time is read: one that has ended leaves IPVS's row to one that lives.
    private mutating func wait(_ flow: Flow, _ key: JoinKey, _ emit: (Connection) -> Void) {
        guard let earlier = flows.remove(key) else { return flows.add(flow, key) }
        let isOfIPVS = Self.claim(flow) >= Self.claim(earlier)
        let standsAlone = isOfIPVS ? earlier : flow
        flows.add(isOfIPVS ? flow : earlier, key)
        emit(Connection(standsAlone, services: services))
    }

    /// Nobody's claim is better: it need not wait for others.
    private static let fullClaim = 3

    private static func claim(_ flow: Flow) -> Int { (flow.originalZone == 0 ? 2 : 0) + (flow.status.contains(.dying) ? 0 : 1) }
}

/// Entries that wait for their twins, found by name and known by the order of their coming.
private struct Waiting<Entry: Sendable>: Sendable {
    private var entries: [JoinKey: (number: Int, entry: Entry)] = [:]
    private var numbers = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ entry: Entry, _ key: JoinKey) {
        entries[key] = (numbers, entry)
        numbers += 1
    }

    func contains(_ key: JoinKey) -> Bool { entries[key] != nil }

    mutating func remove(_ key: JoinKey) -> Entry? { entries.removeValue(forKey: key)?.entry }

    mutating func remove(_ key: JoinKey, where condition: (Entry) -> Bool) -> Entry? {
        guard let index = entries.index(forKey: key), condition(entries.values[index].entry) else { return nil }
        return entries.remove(at: index).value.entry
    }

    /// Hands all of them out in the order of their coming. A dictionary has one of its own, another in every process.
    mutating func removeAll(_ body: (JoinKey, Entry) -> Void) {
        let inOrder = entries.indices.map { (number: entries.values[$0].number, index: $0) }.sorted { $0.number < $1.number }
        for place in inOrder { body(entries.keys[place.index], entries.values[place.index].entry) }
        entries = [:]
    }
}
