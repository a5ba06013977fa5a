internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes a real server: what `IPVS_CMD_ATTR_DEST` holds. Attributes that are not known here are skipped.
struct DestinationDecoder {
    /// `IP_VS_CONN_F_FWD_MASK`.
    private static let forwardingMask: UInt32 = 0x7

    private var family: AddressFamily
    private var address: (ipv4: IPAddress?, ipv6: IPAddress?)
    private var port: UInt16 = 0
    private var forwarding: ForwardingMethod?
    private var counters = CounterDecoder()
    private var backend = Backend(endpoint: Endpoint(address: .unspecified(.ipv4), detail: .none), forwarding: .masquerade, weight: 0)

    /// - Parameter family: the service's, which is the backend's too where the kernel tells nothing else: before 3.18, and for
    ///   all but tunnels.
    /// - Returns: nil when the address or the way of forwarding is missing or cut short.
    static func decode(_ bytes: RawSpan, family: AddressFamily) -> Backend? {
        var decoder = DestinationDecoder(family: family)
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() { decoder.take(attribute) }
        return attributes.failure == nil ? decoder.finished() : nil
    }

    private init(family: AddressFamily) { self.family = family }

    private mutating func take(_ attribute: borrowing NetlinkAttribute) {
        let payload = attribute.payload
        switch Int(attribute.type) {
        case Int(IPVS_DEST_ATTR_ADDR_FAMILY):
            if let number = payload.hostEndianUInt16(), let told = AddressFamily(rawValue: UInt8(truncatingIfNeeded: number)) { family = told }
        case Int(IPVS_DEST_ATTR_ADDR): address = (payload.address(.ipv4), payload.address(.ipv6))
        case Int(IPVS_DEST_ATTR_PORT): port = payload.bigEndianUInt16() ?? 0
        case Int(IPVS_DEST_ATTR_FWD_METHOD):
            forwarding = payload.hostEndianUInt32().flatMap { ForwardingMethod(rawValue: UInt8($0 & Self.forwardingMask)) }
        case Int(IPVS_DEST_ATTR_WEIGHT): backend.weight = payload.hostEndianUInt32() ?? 0
        case Int(IPVS_DEST_ATTR_U_THRESH): backend.upperThreshold = payload.hostEndianUInt32() ?? 0
        case Int(IPVS_DEST_ATTR_L_THRESH): backend.lowerThreshold = payload.hostEndianUInt32() ?? 0
        case Int(IPVS_DEST_ATTR_ACTIVE_CONNS): backend.activeConnections = Self.count(payload)
        case Int(IPVS_DEST_ATTR_INACT_CONNS): backend.inactiveConnections = Self.count(payload)
        case Int(IPVS_DEST_ATTR_PERSIST_CONNS): backend.persistentConnections = Self.count(payload)
        case Int(IPVS_DEST_ATTR_STATS): counters.decodeNarrow(payload)
        case Int(IPVS_DEST_ATTR_STATS64): counters.decodeWide(payload)
        default: break
        }
    }

    /// A count of connections, which the kernel keeps with a sign: one that fell below nothing, as those of some kernels do, is nothing.
    private static func count(_ payload: borrowing RawSpan) -> UInt32 {
        let count = payload.hostEndianUInt32() ?? 0
        return count > UInt32(Int32.max) ? 0 : count
    }

    private func finished() -> Backend? {
        guard let forwarding, let address = family == .ipv4 ? address.ipv4 : address.ipv6 else { return nil }
        var backend = backend
        backend.endpoint = Endpoint(address: address, port: port)
        backend.forwarding = forwarding
        backend.counters = counters.counters
        return backend
    }
}
