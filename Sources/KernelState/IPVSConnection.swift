/// One row of the IPVS connection table: a line of /proc/net/ip_vs_conn or ip_vs_conn_sync.
public struct IPVSConnection: Hashable, Sendable {
    public var transport: TransportProtocol
    /// `FromIP`, `FPrt`. A persistence template has port 0.
    public var client: Endpoint
    /// `ToIP`, `TPrt`: the virtual address. The template of a firewall-mark service has the mark as its address.
    public var service: Endpoint
    /// `DestIP`, `DPrt`: the real server. Its family may differ from the client's (tunnels).
    public var backend: Endpoint
    public var state: IPVSState
    /// Seconds until the entry expires; 0 for a timer that is overdue.
    public var expires: UInt32
    /// Present when read from ip_vs_conn_sync, which is where a synchronisation daemon runs.
    public var origin: IPVSOrigin?
    /// True where several readings over a stretch of time were put together, and the last of them had no such row any more.
    public var hasEnded = false

    @inlinable public init(
        transport: TransportProtocol, client: Endpoint, service: Endpoint, backend: Endpoint, state: IPVSState,
        expires: UInt32, origin: IPVSOrigin? = nil
    ) {
        self.transport = transport
        self.client = client
        self.service = service
        self.backend = backend
        self.state = state
        self.expires = expires
        self.origin = origin
    }

    /// True for a persistence template (`IP_VS_CONN_F_TEMPLATE`): it pins a client to a backend and carries no packets itself.
    @inlinable public var isTemplate: Bool { client.port == 0 }

    /// The mark of the firewall-mark service that a template belongs to.
    public var firewallMark: UInt32? {
        transport == .ip && isTemplate ? UInt32(truncatingIfNeeded: service.address.low) : nil
    }
}

/// Who made an IPVS entry: this node (`LOCAL`), or a sync message of another director (`SYNC`).
public enum IPVSOrigin: UInt8, Sendable {
    case local, sync
}

/// A state of IPVS by its kernel name. Names newer than ``known`` are kept as text of up to 15 bytes.
public struct IPVSState: Hashable, Sendable {
    /// The name's bytes, the first in the highest eight bits of `high`; zero after the name.
    public var high: UInt64
    public var low: UInt64

    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(_ name: String) {
        let text = ShortTextPacker(name: name.utf8)
        self.init(high: text.high, low: text.low)
    }

    public var name: String { ShortTextPacker.text(high: high, low: low) }

    public static let established = IPVSState("ESTABLISHED")
    public static let synRecv = IPVSState("SYN_RECV")

    /// The names that kernels 3.10 to 6.18 write, of every protocol.
    public static let known: Set<String> = [
        "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
        "SYNACK", "UDP", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT", "COOKIE", "C-ECHOED", "S-SENT", "S-RECEIVED",
        "S-ACK-SENT", "REJECTED", "CLOSED", "ASSURED", "ESTABISHED", "BUG!", "ERR!", "?",
    ]
}
