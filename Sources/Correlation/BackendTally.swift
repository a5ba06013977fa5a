internal import KernelState

/// Counts by state, in a short list: a backend's connections are in a few states only.
struct StateTally<State: Hashable & Sendable>: Sendable {
    private(set) var counts: [(state: State, count: Int)] = []

    @inline(__always)
    mutating func add(_ state: State) {
        for index in counts.indices where counts[index].state == state {
            counts[index].count += 1
            return
        }
        counts.append((state, 1))
    }

    /// The counts by name, the highest first.
    func named(_ name: (State) -> String) -> [StateCount] {
        counts.map { StateCount(name: name($0.state), count: $0.count) }
            .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
}

/// What the connections of one backend add up to: counts, of whatever number of connections.
struct BackendTally: Sendable {
    let endpoint: Endpoint
    /// As the service has it configured.
    let configured: Backend?
    /// True once a connection was added that the user asked for.
    var isSelected = false
    var rates: BackendRates?
    private(set) var conntrack = StateTally<FlowStanding>()
    private(set) var ipvs = StateTally<IPVSState>()
    /// Protocols of the connections that were replied to, and of those that wait: a firewall mark's service may have several.
    private(set) var replied = StateTally<TransportProtocol>()
    private var waiting = StateTally<TransportProtocol>()
    /// True when one that waits is of a protocol, or at a port, where a reply always comes.
    private var awaitsReply = false
    private var counts = ConnectionCounts()
    private var traffic = FlowCounters()
    private var hasTraffic = false

    init(endpoint: Endpoint, configured: Backend?) {
        self.endpoint = endpoint
        self.configured = configured
    }

    var isEmpty: Bool { counts.total == 0 && counts.templates == 0 && (rates ?? BackendRates()) == BackendRates() }

    /// Whether replies to the connections that wait ought to have come.
    ///
    /// - Parameter others: the protocols of which any backend of the service has replied to a connection.
    func expectsReply(where others: Set<TransportProtocol>) -> Bool {
        awaitsReply || waiting.counts.contains { others.contains($0.state) }
    }

    /// - Parameter takenAt: when the entries were read, nanoseconds since 1970.
    mutating func add(_ connection: Connection, timers: FlowTimers, takenAt: UInt64) {
        if let row = connection.ipvs {
            if row.isTemplate {
                counts.templates += 1
                return
            }
            ipvs.add(row.state)
        }
        if let flow = connection.conntrack {
            conntrack.add(FlowStanding(flow))
            if let counters = flow.counters { add(counters) }
        }
        counts.total += 1
        switch ConnectionAnswer(connection) {
        case .replied:
            counts.replied += 1
            replied.add(connection.transport)
            let quiet = connection.conntrack.map { timers.quietFor($0) } ?? 0
            counts.quietFor = min(counts.quietFor ?? quiet, quiet)
        case .unreplied:
            counts.unreplied += 1
            waiting.add(connection.transport)
            awaitsReply = awaitsReply || connection.transport.expectsReplies(at: connection.service?.port, connection.backend.port)
            guard let age = Self.waitingTime(connection, timers, takenAt) else { return }
            if age >= 1 { counts.overdue += 1 }
            counts.oldestUnreplied = max(counts.oldestUnreplied ?? 0, age)
        case .unknown: break
        }
    }

    private static func waitingTime(_ connection: Connection, _ timers: FlowTimers, _ takenAt: UInt64) -> Double? {
        guard let flow = connection.conntrack else {
            return connection.ipvs.map { Double(max(0, Int(FlowTimers.ipvsOpening) - Int($0.expires) - 1)) }
        }
        if let start = flow.start { return Double(takenAt > start ? takenAt - start : 0) / 1e9 }
        return timers.unansweredFor(flow)
    }

    private mutating func add(_ counters: FlowCounters) {
        hasTraffic = true
        traffic.originalPackets &+= counters.originalPackets
        traffic.originalBytes &+= counters.originalBytes
        traffic.replyPackets &+= counters.replyPackets
        traffic.replyBytes &+= counters.replyBytes
    }

    /// What was counted, with the states by their names.
    var connections: ConnectionCounts {
        var connections = counts
        connections.conntrack = conntrack.named(\.name)
        connections.ipvs = ipvs.named(\.name)
        connections.traffic = hasTraffic ? traffic : nil
        return connections
    }
}
