/// How IPVS hands a packet to a backend: `IP_VS_CONN_F_FWD_MASK`.
public enum ForwardingMethod: UInt8, Sendable, CaseIterable {
    case masquerade = 0
    case local = 1
    case tunnel = 2
    /// Direct routing.
    case route = 3
    case bypass = 4

    /// The word that /proc/net/ip_vs and `ipvsadm -Ln` write.
    public var name: String { word.description }

    /// The same, for who compares it with bytes.
    public var word: StaticString {
        switch self {
        case .masquerade: "Masq"
        case .local: "Local"
        case .tunnel: "Tunnel"
        case .route: "Route"
        case .bypass: "Bypass"
        }
    }
}

/// What names a virtual service: an address and port, or a firewall mark.
public enum ServiceIdentity: Hashable, Sendable {
    case address(TransportProtocol, Endpoint)
    case firewallMark(UInt32, AddressFamily)

    /// The address and port that clients ask; nil for a firewall mark.
    public var endpoint: Endpoint? {
        if case .address(_, let endpoint) = self { endpoint } else { nil }
    }

    /// The clients' family; a tunnel's backend may have the other.
    public var family: AddressFamily {
        switch self {
        case .address(_, let endpoint): endpoint.address.family
        case .firewallMark(_, let family): family
        }
    }
}

/// Packets, bytes and connections since the service or backend was made, and their rates (`IPVS_*_ATTR_STATS64`, Linux 4.1;
/// 32 bits wide, and wrapping, before).
public struct TrafficCounters: Hashable, Sendable {
    public var connections: UInt64 = 0
    public var inboundPackets: UInt64 = 0
    public var outboundPackets: UInt64 = 0
    public var inboundBytes: UInt64 = 0
    public var outboundBytes: UInt64 = 0
    /// A second, as the kernel estimates them.
    public var connectionRate: UInt64 = 0
    public var inboundPacketRate: UInt64 = 0
    public var outboundPacketRate: UInt64 = 0
    public var inboundByteRate: UInt64 = 0
    public var outboundByteRate: UInt64 = 0
    public init() {}
}

/// A virtual service of IPVS with its real servers.
public struct VirtualService: Hashable, Sendable {
    public var identity: ServiceIdentity
    public var scheduler: String
    /// `IP_VS_SVC_F_*`.
    public var flags: UInt32 = 0
    /// Seconds that a client stays with its backend; nil without persistence, and where only /proc could be read, which tells
    /// ticks of an unknown length.
    public var persistence: UInt32?
    /// The IPv4 netmask, or IPv6 prefix length, that groups the clients of a persistent service.
    public var persistenceNetmask: UInt32?
    public var persistenceEngine: String?
    /// nil where only /proc could be read: without CAP_NET_ADMIN in the initial user namespace.
    public var counters: TrafficCounters?
    public var backends: [Backend] = []

    public init(identity: ServiceIdentity, scheduler: String) {
        self.identity = identity
        self.scheduler = scheduler
    }

    /// `IP_VS_SVC_F_PERSISTENT`: a client stays with its backend for a time.
    public static let persistentFlag: UInt32 = 0x1
    /// `IP_VS_SVC_F_ONEPACKET`: each datagram is scheduled for itself, and leaves no connection behind.
    public static let onePacketFlag: UInt32 = 0x4

    public var isPersistent: Bool { flags & Self.persistentFlag != 0 }
}

/// A real server of a virtual service: IPVS calls it a destination.
public struct Backend: Hashable, Sendable {
    public var endpoint: Endpoint
    public var forwarding: ForwardingMethod
    /// 0 takes no new connections.
    public var weight: UInt32
    public var activeConnections: UInt32 = 0
    public var inactiveConnections: UInt32 = 0
    /// Persistence templates; 0 where only /proc could be read, as are the thresholds.
    public var persistentConnections: UInt32 = 0
    /// Connections above which the backend takes no new ones; 0 is no limit.
    public var upperThreshold: UInt32 = 0
    /// Connections below which an overloaded backend takes new ones again; 0 leaves it to the kernel.
    public var lowerThreshold: UInt32 = 0
    /// nil where only /proc could be read.
    public var counters: TrafficCounters?

    public init(endpoint: Endpoint, forwarding: ForwardingMethod, weight: UInt32) {
        self.endpoint = endpoint
        self.forwarding = forwarding
        self.weight = weight
    }
}
