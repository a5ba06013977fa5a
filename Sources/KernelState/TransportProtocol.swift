/// The protocol above IP, by its IANA number (`IPPROTO_*`).
public struct TransportProtocol: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// 0, which /proc/net/ip_vs_conn writes `IP` for the persistence template of a firewall mark.
    public static let ip = TransportProtocol(rawValue: 0)
    public static let icmp = TransportProtocol(rawValue: 1)
    public static let tcp = TransportProtocol(rawValue: 6)
    public static let udp = TransportProtocol(rawValue: 17)
    public static let dccp = TransportProtocol(rawValue: 33)
    public static let gre = TransportProtocol(rawValue: 47)
    public static let icmpv6 = TransportProtocol(rawValue: 58)
    public static let sctp = TransportProtocol(rawValue: 132)
    public static let udplite = TransportProtocol(rawValue: 136)

    /// The protocols with a name here, with the name that /etc/protocols and conntrack use.
    public static let named: [(protocol: TransportProtocol, name: String)] = [
        (.tcp, "tcp"), (.udp, "udp"), (.icmp, "icmp"), (.icmpv6, "icmpv6"), (.sctp, "sctp"), (.dccp, "dccp"),
        (.udplite, "udplite"), (.gre, "gre"), (.ip, "ip"),
    ]

    /// The protocol's lower-case name, or its number in digits where it has no name here.
    public var name: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .icmp: "icmp"
        case .icmpv6: "icmpv6"
        case .sctp: "sctp"
        case .dccp: "dccp"
        case .udplite: "udplite"
        case .gre: "gre"
        case .ip: "ip"
        default: String(rawValue)
        }
    }

    /// Reads a name, in any case, or a number from 0 to 255.
    public init?(name: some StringProtocol) {
        let name = name.lowercased()
        if let known = TransportProtocol.named.first(where: { $0.name == name }) {
            self = known.protocol
        } else if name == "icmp6" || name == "ipv6-icmp" {
            self = .icmpv6
        } else if let number = UInt8(name) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// True for ICMP of either family.
    @inlinable public var isICMP: Bool { self == .icmp || self == .icmpv6 }

    /// True for the protocols whose endpoints have ports.
    @inlinable public var hasPorts: Bool {
        switch rawValue {
        case 6, 17, 33, 132, 136: true
        default: false
        }
    }
}

extension TransportProtocol {
    /// UDP ports whose protocol answers every question: DNS, TFTP, Kerberos, NTP, SNMP, LDAP, QUIC and RADIUS.
    private static let answeringPorts: Set<UInt16> = [53, 69, 88, 123, 161, 389, 443, 1812, 1813]

    /// True where every client waits for a reply. Of other protocols, and of UDP at ports but these, only a reply tells: syslog has
    /// none.
    ///
    /// - Parameter ports: those that the client asked and the backend listens at.
    public func expectsReplies(at ports: UInt16?...) -> Bool {
        switch self {
        case .tcp, .sctp, .dccp, .icmp, .icmpv6: true
        case .udp, .udplite: ports.contains { $0.map { Self.answeringPorts.contains($0) } ?? false }
        default: false
        }
    }
}
