/// What a node tells beside its two tables: settings, statistics and the network around them.
public struct NodeFacts: Hashable, Sendable {
    /// Kernel settings by their dotted name (`net.netfilter.nf_conntrack_max`), with the value's text as the kernel writes it.
    public var sysctls: [String: String] = [:]
    /// One element a CPU.
    public var conntrackStatistics: [ConntrackStatistics] = []
    public var ipvs: IPVSFacts?
    public var interfaces: [NetworkInterface] = []
    public var routes: [Route] = []
    public var neighbours: [Neighbour] = []
    /// /etc/resolv.conf as the namespace's process sees it.
    public var resolverConfiguration: String?
    /// What could not be read, and why.
    public var problems: [KernelStateError] = []

    public init() {}

    /// A setting that is a number.
    public func number(_ sysctl: String) -> UInt64? { sysctls[sysctl].flatMap { UInt64($0) } }
}

/// One CPU's counters of conntrack (`IPCTNL_MSG_CT_GET_STATS_CPU`, Linux 3.8): 32 bits wide, counting since the boot, and wrapping.
public struct ConntrackStatistics: Hashable, Sendable {
    public var cpu: UInt16
    public var found: UInt32 = 0
    public var invalid: UInt32 = 0
    public var insert: UInt32 = 0
    public var insertFailed: UInt32 = 0
    public var drop: UInt32 = 0
    public var earlyDrop: UInt32 = 0
    public var error: UInt32 = 0
    public var searchRestart: UInt32 = 0
    /// Linux 5.9.
    public var clashResolve: UInt32 = 0
    /// Linux 5.16.
    public var chainTooLong: UInt32 = 0

    public init(cpu: UInt16) { self.cpu = cpu }
}

/// What IPVS tells of itself over generic netlink (`IPVS_CMD_GET_INFO`, `GET_CONFIG`, `GET_DAEMON`).
public struct IPVSFacts: Hashable, Sendable {
    /// `IP_VS_VERSION_CODE`: major, minor and patch in the low three bytes; 0, as the table's size is, where a text does not tell.
    public var version: UInt32 = 0
    /// Buckets of the connection table.
    public var connectionTableSize: UInt32 = 0
    /// Seconds that an idle connection is kept; nil where a text of another tool does not tell.
    public var tcpTimeout: UInt32?
    public var tcpFinTimeout: UInt32?
    public var udpTimeout: UInt32?
    public var daemons: [IPVSDaemon] = []

    public init() {}
}

/// A connection synchronisation daemon: `IPVS_DAEMON_ATTR_*`.
public struct IPVSDaemon: Hashable, Sendable {
    public enum Role: UInt32, Sendable {
        case master = 1
        case backup = 2
    }
    public var role: Role
    public var interface: String
    public var syncIdentifier: UInt32

    public init(role: Role, interface: String, syncIdentifier: UInt32) {
        self.role = role
        self.interface = interface
        self.syncIdentifier = syncIdentifier
    }
}

/// An address with the length of its network's prefix.
public struct AddressPrefix: Hashable, Sendable {
    public var address: IPAddress
    public var length: UInt8

    /// - Parameters:
    ///   - address: any of the network.
    ///   - length: in bits; more than the address has are all of them.
    public init(_ address: IPAddress, length: UInt8) {
        self.address = address
        self.length = min(length, UInt8(address.bitWidth))
    }
}

/// A link of the namespace with its addresses (`RTM_GETLINK`, `RTM_GETADDR`).
public struct NetworkInterface: Hashable, Sendable {
    /// `ifi_index`, by which routes and neighbours name it.
    public var index: UInt32
    public var name: String
    /// `IFLA_INFO_KIND`: `veth`, `vxlan`, `dummy`, `bridge` …; empty for hardware.
    public var kind: String = ""
    public var isUp = false
    public var mtu: UInt32 = 0
    public var addresses: [AddressPrefix] = []
    /// The outer UDP port of a VXLAN or Geneve device, in host byte order.
    public var tunnelPort: UInt16?
    /// The identifier (VNI) of a VXLAN or Geneve device.
    public var tunnelIdentifier: UInt32?
    /// `IFLA_VXLAN_LOCAL`: the outer source address, also of IP in IP and GRE.
    public var tunnelLocal: IPAddress?
    /// `IFLA_VXLAN_GROUP`, `IFLA_GENEVE_REMOTE`, `IFLA_IPTUN_REMOTE`: the outer destination of what nothing else tells one for.
    public var tunnelRemote: IPAddress?
    /// `IFLA_LINK` or `IFLA_VXLAN_LINK`: the device below, or the other end of a veth; its index may be one of another namespace.
    public var lowerIndex: UInt32?

    public init(index: UInt32, name: String) {
        self.index = index
        self.name = name
    }
}

/// A route of the namespace (`RTM_GETROUTE`), of any table; one of several next hops is a route for each.
public struct Route: Hashable, Sendable {
    public var destination: AddressPrefix
    public var gateway: IPAddress?
    /// The interface's index; nil for routes that lead nowhere (`blackhole`, `unreachable`).
    public var interface: UInt32?
    /// The address that packets of this node get as their source.
    public var preferredSource: IPAddress?
    /// `RT_TABLE_*`: 254 is main, 255 local.
    public var table: UInt32
    /// Lower is preferred.
    public var metric: UInt32 = 0
    /// `RTN_*`: 1 unicast, 2 local, 3 broadcast, 6 blackhole, 7 unreachable.
    public var type: UInt8

    public init(destination: AddressPrefix, table: UInt32, type: UInt8) {
        self.destination = destination
        self.table = table
        self.type = type
    }
}

/// A neighbour: the link-layer address of an address on a link, or where a VXLAN device sends frames for one (`RTM_GETNEIGH`).
public struct Neighbour: Hashable, Sendable {
    public var interface: UInt32
    /// nil for a forwarding database entry, which knows only the link-layer address.
    public var address: IPAddress?
    /// Six bytes in the low 48 bits, the first of them highest.
    public var linkAddress: UInt64?
    /// `NUD_*`: 0x02 reachable, 0x04 stale, 0x20 failed, 0x80 permanent.
    public var state: UInt16
    /// `NDA_DST` of a forwarding database entry: the outer destination.
    public var tunnelDestination: IPAddress?

    public init(interface: UInt32, state: UInt16) {
        self.interface = interface
        self.state = state
    }
}
