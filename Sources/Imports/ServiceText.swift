internal import KernelState

/// What one text has told of a backend.
struct BackendText {
    var endpoint: Endpoint
    var forwarding: ForwardingMethod?
    var weight: UInt32?
    var active: UInt32?
    var inactive: UInt32?
    var persistent: UInt32?
    var upperThreshold: UInt32?
    var lowerThreshold: UInt32?
    var counters: TrafficCounters?
    var rates: TrafficCounters?

    init(_ endpoint: Endpoint) { self.endpoint = endpoint }

    init(_ backend: Backend) {
        self.init(backend.endpoint)
        forwarding = backend.forwarding
        weight = backend.weight
        active = backend.activeConnections
        inactive = backend.inactiveConnections
    }

    /// Takes what `other` has and this has not.
    mutating func fill(from other: BackendText) {
        forwarding = forwarding ?? other.forwarding
        weight = weight ?? other.weight
        active = active ?? other.active
        inactive = inactive ?? other.inactive
        persistent = persistent ?? other.persistent
        upperThreshold = upperThreshold ?? other.upperThreshold
        lowerThreshold = lowerThreshold ?? other.lowerThreshold
        counters = counters ?? other.counters
        rates = rates ?? other.rates
    }

    /// The backend; nil where no text has told its weight and way of forwarding.
    var backend: Backend? {
        guard let forwarding, let weight else { return nil }
        var backend = Backend(endpoint: endpoint, forwarding: forwarding, weight: weight)
        backend.activeConnections = active ?? 0
        backend.inactiveConnections = inactive ?? 0
        backend.persistentConnections = persistent ?? 0
        backend.upperThreshold = upperThreshold ?? 0
        backend.lowerThreshold = lowerThreshold ?? 0
        backend.counters = TrafficCounters(counters, rates: rates)
        return backend
    }
}

/// What one text has told of a virtual service.
struct ServiceText {
    var identity: ServiceIdentity
    var scheduler: String?
    var flags: UInt32?
    var persistence: UInt32?
    var persistenceNetmask: UInt32?
    var persistenceEngine: String?
    var counters: TrafficCounters?
    var rates: TrafficCounters?
    var backends: [BackendText] = []
    /// True when a backend's line could not be read.
    var lacksBackends = false

    init(_ identity: ServiceIdentity) { self.identity = identity }

    init(_ service: VirtualService) {
        identity = service.identity
        scheduler = service.scheduler
        flags = service.flags
        persistence = service.persistence
        persistenceNetmask = service.persistenceNetmask
        backends = service.backends.map(BackendText.init)
    }

    mutating func fill(from other: ServiceText) {
        scheduler = scheduler ?? other.scheduler
        flags = flags.map { $0 | (other.flags ?? 0) } ?? other.flags
        persistence = persistence ?? other.persistence
        persistenceNetmask = persistenceNetmask ?? other.persistenceNetmask
        persistenceEngine = persistenceEngine ?? other.persistenceEngine
        counters = counters ?? other.counters
        rates = rates ?? other.rates
        lacksBackends = lacksBackends || other.lacksBackends
        for backend in other.backends {
            if let index = backends.firstIndex(where: { $0.endpoint == backend.endpoint }) {
                backends[index].fill(from: backend)
            } else {
                backends.append(backend)
            }
        }
    }

    /// The service; nil where no text has told how it is configured: `--stats` and `--rate` tell numbers alone. Nor is there one whose
    /// backends are all on lines that could not be read: it would be one without any.
    var service: VirtualService? {
        guard let scheduler else { return nil }
        let backends = backends.compactMap(\.backend)
        if backends.isEmpty, lacksBackends { return nil }
        var service = VirtualService(identity: identity, scheduler: scheduler)
        service.flags = flags ?? 0
        service.persistence = persistence
        service.persistenceNetmask = persistenceNetmask
        service.persistenceEngine = persistenceEngine
        service.counters = TrafficCounters(counters, rates: rates)
        service.backends = backends
        return service
    }
}

extension TrafficCounters {
    /// Counters, with rates where they are known; nil without counters, since rates alone would make them 0.
    fileprivate init?(_ counters: TrafficCounters?, rates: TrafficCounters?) {
        guard let counters else { return nil }
        self = counters
        guard let rates else { return }
        connectionRate = rates.connectionRate
        inboundPacketRate = rates.inboundPacketRate
        outboundPacketRate = rates.outboundPacketRate
        inboundByteRate = rates.inboundByteRate
        outboundByteRate = rates.outboundByteRate
    }
}
