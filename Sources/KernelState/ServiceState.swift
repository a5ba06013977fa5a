/// Who told of a service.
public struct ServiceSources: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It is a virtual service of IPVS, or IPVS has a connection of it.
    public static let ipvs = ServiceSources(rawValue: 1)
    /// Conntrack has an entry whose original destination is the service and whose answers come from somewhere else.
    public static let conntrack = ServiceSources(rawValue: 2)
    /// Kubernetes names it.
    public static let kubernetes = ServiceSources(rawValue: 4)

    /// The sources' names, in the order in which they are written.
    public static let names: [(source: ServiceSources, name: String)] = [
        (.ipvs, "ipvs"), (.conntrack, "conntrack"), (.kubernetes, "kubernetes"),
    ]
}

/// A service with its backends: what is configured, and what became of its connections.
public struct ServiceState: Hashable, Sendable {
    public var identity: ServiceIdentity
    /// Where it was seen: one of the report's places.
    public var place: PlaceIndex
    public var sources: ServiceSources = []
    /// `namespace/service:port`, where Kubernetes tells.
    public var name: String?
    /// As IPVS has it configured; nil for a service that only connections tell of.
    public var scheduler: String?
    /// `IP_VS_SVC_F_*`.
    public var flags: UInt32 = 0
    /// Seconds that a client stays with its backend; nil without persistence.
    public var persistence: UInt32?
    /// The IPv4 netmask, or IPv6 prefix length, that groups the clients of a persistent service.
    public var persistenceNetmask: UInt32?
    public var persistenceEngine: String?
    /// Of IPVS, since the service was made.
    public var counters: TrafficCounters?
    /// Conntrack entries to the service that no table leads to a backend: they were begun while it had none, or IPVS keeps no
    /// connection of them.
    public var withoutBackend = 0
    /// True where IPVS has no service of this address and has some of firewall marks: what goes to it may be theirs, which no table
    /// tells.
    public var mayBeMarked = false
    public var backends: [BackendState] = []

    public init(identity: ServiceIdentity, place: PlaceIndex) {
        self.identity = identity
        self.place = place
    }

    /// Connections of all backends.
    public var connections: Int { backends.reduce(0) { $0 + $1.connections.total } }

    /// True when each datagram is scheduled for itself and leaves no connection behind: see ``VirtualService/onePacketFlag``.
    public var isOnePacket: Bool { flags & VirtualService.onePacketFlag != 0 }

    public var transport: TransportProtocol? {
        if case .address(let transport, _) = identity { transport } else { nil }
    }

    /// The address and port that clients ask; nil for a firewall mark.
    public var endpoint: Endpoint? { identity.endpoint }
}

/// A backend of a service, and what became of the connections that it was given.
public struct BackendState: Hashable, Sendable {
    public var endpoint: Endpoint
    /// Whether the service has it now; nil where nobody tells how the service is configured.
    public var isConfigured: Bool?
    public var forwarding: ForwardingMethod?
    /// 0 takes no new connections.
    public var weight: UInt32?
    /// As IPVS counts, `IPVS_DEST_ATTR_ACTIVE_CONNS`: since Linux 4.2 or so with half-open ones.
    public var activeConnections: UInt32?
    public var inactiveConnections: UInt32?
    public var persistentConnections: UInt32?
    public var upperThreshold: UInt32?
    public var lowerThreshold: UInt32?
    /// Of IPVS, since the backend was added.
    public var counters: TrafficCounters?
    public var connections = ConnectionCounts()
    /// Of a watch, over the time since the last look.
    public var rates: BackendRates?
    public var verdict: BackendVerdict = .idle
    /// The numbers that led to the verdict, in a sentence.
    public var evidence = ""
    /// `namespace/pod`, where Kubernetes tells.
    public var pod: String?
    /// The pod's node.
    public var node: String?
    /// Whether Kubernetes holds the pod for ready.
    public var isReady: Bool?

    public init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// True when answers go past this node, so that conntrack here never sees any: direct routing and tunnels.
    public var repliesBypass: Bool { forwarding.map { [.route, .tunnel, .bypass].contains($0) } ?? false }
}

/// What happened to a backend's connections, a second.
public struct BackendRates: Hashable, Sendable {
    /// Connections that began.
    public var new = 0.0
    /// Connections that ended.
    public var ended = 0.0
    /// Of those that ended the ones that had never been replied to, or that the backend refused (`CLOSE` before `ESTABLISHED`).
    public var failed = 0.0

    public init(new: Double = 0, ended: Double = 0, failed: Double = 0) {
        self.new = new
        self.ended = ended
        self.failed = failed
    }
}

/// What the tables say of a backend.
public enum BackendVerdict: String, CaseIterable, Hashable, Sendable {
    /// It has connections, and replies.
    case answering
    /// It has new connections, and replied to none.
    case silent
    /// Of its connections a hundredth or more wait for a reply for more than a second, while it replied to others.
    case partial
    /// It has no connections.
    case idle
    /// It has weight 0: IPVS gives it no new connections.
    case draining
    /// It has connections, and the service has no such backend any more.
    case stale
    /// Nothing tells whether its connections should be, or were, replied to: one-way UDP, replies that do not pass this node, a
    /// connection younger than a second, or one-packet scheduling, which keeps no connections.
    case undecided
}
