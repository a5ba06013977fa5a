public import KernelState

/// Adds connections up, one by one and in any order, to services with their backends.
///
/// It keeps counts alone, so that its memory grows with the backends and not with the connections. Backends that no
/// configuration knows are kept up to a limit: whoever translates every destination has a hundred thousand "services".
public struct ServiceTally: Sendable {
    /// Names a backend of a service as a connection shows it.
    struct Key: Hashable, Sendable {
        var place: PlaceIndex
        var transport: TransportProtocol
        var service: Endpoint
        var backend: Endpoint

        /// nil for a connection to no service.
        init?(_ connection: Connection) {
            guard let service = connection.service else { return nil }
            place = connection.place
            transport = connection.transport
            self.service = service.named
            backend = connection.backend.named
        }

        /// One word for the hasher instead of fourteen: the fingerprint has mixed them already.
        func hash(into hasher: inout Hasher) {
            var fingerprint = Fingerprint()
            fingerprint.mix(UInt64(place) << 8 | UInt64(transport.rawValue))
            fingerprint.mix(service)
            fingerprint.mix(backend)
            hasher.combine(fingerprint.value)
        }
    }

    private struct Entry: Sendable {
        var identity: ServiceIdentity
        var place: PlaceIndex
        /// As IPVS has it; nil for a service that connections alone tell of.
        var configured: VirtualService?
        var withoutBackend = 0
        var isSelected = false
        /// Indices of its backends.
        var backends: [Int] = []
    }

    private struct Context: Sendable {
        var timers = FlowTimers(NodeFacts())
        var takenAt: UInt64 = 0
        /// Services by their identity: those of IPVS, then those that connections tell of.
        var services: [ServiceIdentity: Int] = [:]
        var hasVirtualServices = false
        /// False where nobody saved the services: a backend without one says nothing then.
        var knowsServices = true
        /// Services of firewall marks.
        var marked: [Int] = []
    }

    private var contexts: [Context] = []
    private var entries: [Entry] = []
    private var backends: [BackendTally] = []
    private var found: [Key: Int] = [:]
    private var room: Int
    /// Connections to backends beyond the limit, which are in no service.
    public private(set) var leftOut = 0

    /// - Parameter limit: how many backends are kept beside those that are configured.
    public init(limit: Int = 50_000) { room = limit }

    // MARK: What is configured

    /// Takes what a place has configured, before its connections.
    ///
    /// - Parameters:
    ///   - place: its index among the report's.
    ///   - services: those of IPVS.
    ///   - knowsServices: false where nobody saved them.
    ///   - facts: the settings that tell full timeouts; see ``FlowTimers``.
    ///   - takenAt: when its tables are read, nanoseconds since 1970.
    public mutating func begin(_ place: PlaceIndex, services: [VirtualService], knowsServices: Bool = true, facts: NodeFacts, takenAt: UInt64) {
        while contexts.count <= Int(place) { contexts.append(Context()) }
        contexts[Int(place)].timers = FlowTimers(facts)
        contexts[Int(place)].takenAt = takenAt
        contexts[Int(place)].hasVirtualServices = !services.isEmpty
        contexts[Int(place)].knowsServices = knowsServices
        for service in services {
            let index = entry(service.identity, in: place, configured: service)
            if case .firewallMark = service.identity { contexts[Int(place)].marked.append(index) }
            for backend in service.backends { add(BackendTally(endpoint: backend.endpoint, configured: backend), to: index) }
        }
    }

    private mutating func entry(_ identity: ServiceIdentity, in place: PlaceIndex, configured: VirtualService? = nil) -> Int {
        if let known = contexts[Int(place)].services[identity] { return known }
        entries.append(Entry(identity: identity, place: place, configured: configured))
        contexts[Int(place)].services[identity] = entries.count - 1
        return entries.count - 1
    }

    @discardableResult
    private mutating func add(_ backend: BackendTally, to entry: Int) -> Int {
        backends.append(backend)
        entries[entry].backends.append(backends.count - 1)
        return backends.count - 1
    }

    // MARK: Connections

    /// Counts a connection in, where it is one to a service.
    ///
    /// - Parameters:
    ///   - connection: of a place that has begun.
    ///   - isSelected: whether the user asked for this connection; see ``services(selectedOnly:emptyWhere:)``.
    public mutating func add(_ connection: Connection, isSelected: Bool = true) {
        while contexts.count <= Int(connection.place) { contexts.append(Context()) }
        guard let key = Key(connection) else { return addUntranslated(connection, isSelected) }
        guard let index = found[key] ?? find(key, connection) else {
            leftOut += 1
            return
        }
        let place = Int(connection.place)
        backends[index].add(connection, timers: contexts[place].timers, takenAt: contexts[place].takenAt)
        if isSelected { backends[index].isSelected = true }
    }

    /// Nothing has happened to any backend yet.
    mutating func beginRates() {
        for index in backends.indices { backends[index].rates = BackendRates() }
    }

    /// Tells what happened to the backend of a connection; see ``ServiceRates``.
    mutating func set(_ rates: BackendRates, of connection: Connection) {
        guard let key = Key(connection), let index = found[key] ?? find(key, connection) else { return }
        // Several addresses of a firewall mark's service share a backend.
        let sum = backends[index].rates ?? BackendRates()
        backends[index].rates = BackendRates(new: sum.new + rates.new, ended: sum.ended + rates.ended, failed: sum.failed + rates.failed)
    }

    /// An entry that translates nothing is a service's all the same when it asks for the address of one.
    private mutating func addUntranslated(_ connection: Connection, _ isSelected: Bool) {
        guard contexts[Int(connection.place)].hasVirtualServices else { return }
        let asked = connection.backend.named
        guard let index = service(connection.transport, asked, in: connection.place), entries[index].configured != nil else { return }
        entries[index].withoutBackend += 1
        if isSelected { entries[index].isSelected = true }
    }

    /// Finds or makes the backend that a connection is the first of; nil when there is no room for more.
    private mutating func find(_ key: Key, _ connection: Connection) -> Int? {
        let index = entryOfFirst(key, connection)
        let isTemplate = connection.ipvs?.isTemplate ?? false
        if let index, let backend = configuredBackend(key.backend, of: index) ?? (isTemplate ? holder(of: key.backend, in: index) : nil) {
            found[key] = backend
            return backend
        }
        guard room > 0 else { return nil }
        room -= 1
        let service = index ?? entry(identity(key, connection), in: key.place)
        let backend = add(BackendTally(endpoint: key.backend, configured: nil), to: service)
        found[key] = backend
        return backend
    }

    private func configuredBackend(_ endpoint: Endpoint, of entry: Int) -> Int? {
        guard entries[entry].configured != nil else { return nil }
        return entries[entry].backends.first { backends[$0].configured != nil && backends[$0].endpoint.stands(for: endpoint) }
    }

    /// The backend of a persistence template without a port, which is how the kernel writes those of a firewall mark: it stands for the
    /// client's connections to all ports. Where several backends are on that address, one of them.
    private func holder(of template: Endpoint, in entry: Int) -> Int? {
        guard template.port == 0 else { return nil }
        return entries[entry].backends.first { backends[$0].configured != nil && backends[$0].endpoint.address == template.address }
    }

    /// The service that a connection belongs to: that of its address and port, that of its address for every port, or that of a
    /// firewall mark, which no table writes beside a connection, when it is the only one with this backend.
    private func entryOfFirst(_ key: Key, _ connection: Connection) -> Int? {
        if connection.ipvs?.firewallMark != nil { return contexts[Int(key.place)].services[identity(key, connection)] }
        if let known = service(key.transport, key.service, in: key.place) { return known }
        guard connection.ipvs != nil else { return nil }
        let marked = contexts[Int(key.place)].marked.filter { configuredBackend(key.backend, of: $0) != nil }
        return marked.count == 1 ? marked[0] : nil
    }

    private func identity(_ key: Key, _ connection: Connection) -> ServiceIdentity {
        if let mark = connection.ipvs?.firewallMark { return .firewallMark(mark, connection.family) }
        return .address(key.transport, key.service)
    }

    private func service(_ transport: TransportProtocol, _ endpoint: Endpoint, in place: PlaceIndex) -> Int? {
        let services = contexts[Int(place)].services
        return services[.address(transport, endpoint)]
            ?? services[.address(transport, Endpoint(address: endpoint.address, port: 0))]
    }

    // MARK: The result

    /// The services, in the order in which they were met, each backend with its verdict.
    ///
    /// - Parameters:
    ///   - selectedOnly: leave out backends, and then services, of which no connection was asked for.
    ///   - admits: whether a configured backend without connections, or a service without such a backend, is wanted.
    public func services(
        selectedOnly: Bool = false, emptyWhere admits: (ServiceIdentity, Endpoint?) -> Bool = { _, _ in true }
    ) -> [ServiceState] {
        entries.compactMap { entry in
            let shown = entry.backends.filter { index in
                let backend = backends[index]
                return selectedOnly ? backend.isSelected : !backend.isEmpty || admits(entry.identity, backend.endpoint)
            }
            if shown.isEmpty, !entry.isSelected, selectedOnly || !admits(entry.identity, nil) { return nil }
            return state(of: entry, backends: shown)
        }
    }

    private func state(of entry: Entry, backends shown: [Int]) -> ServiceState {
        var service = ServiceState(identity: entry.identity, place: entry.place)
        if let configured = entry.configured { service.take(configured) }
        service.withoutBackend = entry.withoutBackend
        let marked = entry.configured == nil ? contexts[Int(entry.place)].marked : []
        service.mayBeMarked = !marked.isEmpty
        let replied = Set(entry.backends.flatMap { backends[$0].replied.counts.map(\.state) })
        service.backends = shown.map { index in
            var state = backends[index].state(in: entry.configured)
            // Several marks have this backend: one of them has the connections, and the backend.
            let mayBeOfMark = marked.contains { configuredBackend(state.endpoint, of: $0) != nil }
            if mayBeOfMark || !contexts[Int(entry.place)].knowsServices { state.isConfigured = nil }
            return state.judged(in: service, expectsReply: backends[index].expectsReply(where: replied))
        }
        if entry.configured != nil || service.backends.contains(where: { !$0.connections.ipvs.isEmpty }) { service.sources.insert(.ipvs) }
        if entry.withoutBackend > 0 || service.backends.contains(where: { !$0.connections.conntrack.isEmpty }) {
            service.sources.insert(.conntrack)
        }
        return service
    }
}

extension ServiceState {
    fileprivate mutating func take(_ configured: VirtualService) {
        scheduler = configured.scheduler
        flags = configured.flags
        persistence = configured.persistence
        persistenceNetmask = configured.persistenceNetmask
        persistenceEngine = configured.persistenceEngine
        counters = configured.counters
    }
}

extension BackendTally {
    fileprivate func state(in service: VirtualService?) -> BackendState {
        var state = BackendState(endpoint: endpoint)
        state.connections = connections
        state.rates = rates
        // Of a service that IPVS does not have it tells only where it has connections to it.
        let isOfIPVS = service != nil || !ipvs.counts.isEmpty || connections.templates > 0
        state.isConfigured = isOfIPVS ? configured != nil : nil
        guard let configured else { return state }
        state.forwarding = configured.forwarding
        state.weight = configured.weight
        state.activeConnections = configured.activeConnections
        state.inactiveConnections = configured.inactiveConnections
        state.persistentConnections = configured.persistentConnections
        state.upperThreshold = configured.upperThreshold
        state.lowerThreshold = configured.lowerThreshold
        state.counters = configured.counters
        return state
    }
}

extension Endpoint {
    /// The endpoint as a service or backend is named: one ping's identifier is no part of it.
    @inline(__always)
    fileprivate var named: Endpoint {
        if case .icmp = detail { return Endpoint(address: address, detail: .none) }
        return self
    }

    /// True for the endpoint itself, and for one of port 0, which stands for the port that the client asked.
    fileprivate func stands(for other: Endpoint) -> Bool {
        self == other || (port == 0 && address == other.address)
    }
}
