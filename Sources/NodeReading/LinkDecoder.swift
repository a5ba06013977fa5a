internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// Decodes links: `struct ifinfomsg` and the `IFLA_*` attributes.
enum LinkDecoder {
    static let headerSize = 16

    /// The link without its addresses, or nil when its name is missing or the message is cut short.
    static func decode(_ payload: RawSpan) -> NetworkInterface? {
        guard let index = payload.hostEndianUInt32(at: 4), let flags = payload.hostEndianUInt32(at: 8) else { return nil }
        var interface = NetworkInterface(index: index, name: "")
        interface.isUp = flags & UInt32(IFF_UP.rawValue) != 0
        var attributes = AttributeCursor(payload.dropping(headerSize))
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch Int(attribute.type) {
            case Int(IFLA_IFNAME): interface.name = payload.zeroTerminatedText()
            case Int(IFLA_MTU): interface.mtu = payload.hostEndianUInt32() ?? 0
            case Int(IFLA_LINK): setLower(payload, of: &interface)
            case Int(IFLA_LINKINFO): decodeInformation(payload, into: &interface)
            default: break
            }
        }
        return attributes.failure == nil && !interface.name.isEmpty ? interface : nil
    }

    /// A device below of index 0 is none, or one of another namespace.
    private static func setLower(_ payload: RawSpan, of interface: inout NetworkInterface) {
        if let index = payload.hostEndianUInt32(), index != 0 { interface.lowerIndex = index }
    }

    /// The kind, and what it says of itself, which may stand in any order.
    private static func decodeInformation(_ bytes: RawSpan, into interface: inout NetworkInterface) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            if Int(attribute.type) == Int(IFLA_INFO_KIND) { interface.kind = attribute.payload.zeroTerminatedText() }
        }
        attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            guard Int(attribute.type) == Int(IFLA_INFO_DATA) else { continue }
            switch interface.kind {
            case "vxlan": decodeVXLAN(attribute.payload, into: &interface)
            case "geneve": decodeGeneve(attribute.payload, into: &interface)
            case "ipip", "sit", "gre", "gretap": decodeTunnel(attribute.payload, into: &interface)
            default: break
            }
        }
    }

    private static func decodeVXLAN(_ bytes: RawSpan, into interface: inout NetworkInterface) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch Int(attribute.type) {
            case Int(IFLA_VXLAN_ID): interface.tunnelIdentifier = payload.hostEndianUInt32()
            case Int(IFLA_VXLAN_PORT): interface.tunnelPort = payload.bigEndianUInt16()
            case Int(IFLA_VXLAN_LINK): setLower(payload, of: &interface)
            case Int(IFLA_VXLAN_LOCAL): interface.tunnelLocal = payload.address(.ipv4)
            case Int(IFLA_VXLAN_LOCAL6): interface.tunnelLocal = payload.address(.ipv6)
            case Int(IFLA_VXLAN_GROUP): interface.tunnelRemote = payload.address(.ipv4)
            case Int(IFLA_VXLAN_GROUP6): interface.tunnelRemote = payload.address(.ipv6)
            default: break
            }
        }
    }

    private static func decodeGeneve(_ bytes: RawSpan, into interface: inout NetworkInterface) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch Int(attribute.type) {
            case Int(IFLA_GENEVE_ID): interface.tunnelIdentifier = payload.hostEndianUInt32()
            case Int(IFLA_GENEVE_PORT): interface.tunnelPort = payload.bigEndianUInt16()
            case Int(IFLA_GENEVE_REMOTE): interface.tunnelRemote = payload.address(.ipv4)
            case Int(IFLA_GENEVE_REMOTE6): interface.tunnelRemote = payload.address(.ipv6)
            default: break
            }
        }
    }

    /// IP in IP, and GRE: their addresses are 0 where the route's gateway decides.
    private static func decodeTunnel(_ bytes: RawSpan, into interface: inout NetworkInterface) {
        let isGRE = interface.kind.hasPrefix("gre")
        let (link, local, remote) =
            isGRE ? (IFLA_GRE_LINK, IFLA_GRE_LOCAL, IFLA_GRE_REMOTE) : (IFLA_IPTUN_LINK, IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE)
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let address = attribute.payload.address(.ipv4).flatMap { $0 == .unspecified(.ipv4) ? nil : $0 }
            switch Int(attribute.type) {
            case Int(link): setLower(attribute.payload, of: &interface)
            case Int(local): interface.tunnelLocal = address
            case Int(remote): interface.tunnelRemote = address
            default: break
            }
        }
    }
}
