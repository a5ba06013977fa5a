internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes a virtual service: what `IPVS_CMD_ATTR_SERVICE` holds. Attributes that are not known here are skipped.
struct ServiceDecoder {
    private var family: AddressFamily?
    private var transport: TransportProtocol?
    /// Of either family, which may be told after them.
    private var address: (ipv4: IPAddress?, ipv6: IPAddress?)
    private var port: UInt16 = 0
    private var firewallMark: UInt32?
    private var counters = CounterDecoder()
    private var service = VirtualService(identity: .firewallMark(0, .ipv4), scheduler: "")
    private var timeout: UInt32 = 0
    private var netmask: (ipv4: UInt32, ipv6: UInt32)?

    /// The service without its backends, or nil when what names it is missing or cut short.
    static func decode(_ bytes: RawSpan) -> VirtualService? {
        var decoder = ServiceDecoder()
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() { decoder.take(attribute) }
        return attributes.failure == nil ? decoder.finished() : nil
    }

    private mutating func take(_ attribute: borrowing NetlinkAttribute) {
        let payload = attribute.payload
        switch Int(attribute.type) {
        case Int(IPVS_SVC_ATTR_AF): family = payload.hostEndianUInt16().flatMap { AddressFamily(rawValue: UInt8(truncatingIfNeeded: $0)) }
        case Int(IPVS_SVC_ATTR_PROTOCOL):
            transport = payload.hostEndianUInt16().map { TransportProtocol(rawValue: UInt8(truncatingIfNeeded: $0)) }
        case Int(IPVS_SVC_ATTR_ADDR): address = (payload.address(.ipv4), payload.address(.ipv6))
        case Int(IPVS_SVC_ATTR_PORT): port = payload.bigEndianUInt16() ?? 0
        case Int(IPVS_SVC_ATTR_FWMARK): firewallMark = payload.hostEndianUInt32()
        case Int(IPVS_SVC_ATTR_SCHED_NAME): service.scheduler = payload.zeroTerminatedText()
        case Int(IPVS_SVC_ATTR_FLAGS): service.flags = payload.hostEndianUInt32() ?? 0  // struct ip_vs_flags: flags, mask
        case Int(IPVS_SVC_ATTR_TIMEOUT): timeout = payload.hostEndianUInt32() ?? 0
        case Int(IPVS_SVC_ATTR_NETMASK):
            if let bytes = payload.bigEndianUInt32() { netmask = (bytes, bytes.byteSwapped) }
        case Int(IPVS_SVC_ATTR_PE_NAME): service.persistenceEngine = payload.zeroTerminatedText()
        case Int(IPVS_SVC_ATTR_STATS): counters.decodeNarrow(payload)
        case Int(IPVS_SVC_ATTR_STATS64): counters.decodeWide(payload)
        default: break
        }
    }

    private func finished() -> VirtualService? {
        guard let family, let identity = identity(family) else { return nil }
        var service = service
        service.identity = identity
        service.counters = counters.counters
        if service.isPersistent {
            service.persistence = timeout
            // An IPv4 mask is in network byte order, an IPv6 prefix length in the host's.
            service.persistenceNetmask = netmask.map { family == .ipv4 ? $0.ipv4 : $0.ipv6 }
        }
        return service
    }

    private func identity(_ family: AddressFamily) -> ServiceIdentity? {
        if let firewallMark { return .firewallMark(firewallMark, family) }
        guard let transport, let address = family == .ipv4 ? address.ipv4 : address.ipv6 else { return nil }
        return .address(transport, Endpoint(address: address, port: port))
    }
}
