internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes `CTA_TUPLE_*`: addresses, protocol and ports, and the zone of one direction.
struct TupleDecoder {
    private var source = IPAddress(ipv4: 0)
    private var destination = IPAddress(ipv4: 0)
    private var hasSource = false
    private var hasDestination = false
    private var transport: TransportProtocol?
    private var sourcePort: UInt16?
    private var destinationPort: UInt16?
    private var icmpID: UInt16?
    private var icmpType: UInt8 = 0
    private var icmpCode: UInt8 = 0
    private var zone: UInt16?
    private(set) var unknownAttributes = 0

    /// The tuple, or nil when an address or the protocol is missing or malformed.
    @inline(__always)
    mutating func decode(_ bytes: RawSpan) -> Tuple? {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            switch UInt32(attribute.type) {
            case CTA_TUPLE_IP.rawValue: decodeAddresses(attribute.payload)
            case CTA_TUPLE_PROTO.rawValue: decodeProtocol(attribute.payload)
            case CTA_TUPLE_ZONE.rawValue: zone = attribute.payload.bigEndianUInt16()
            default: unknownAttributes += 1
            }
        }
        guard hasSource, hasDestination, source.family == destination.family, let transport else { return nil }
        return Tuple(source: source, destination: destination, transport: transport, detail: detail(transport), zone: zone)
    }

    @inline(__always)
    private func detail(_ transport: TransportProtocol) -> TupleDetail {
        if let sourcePort, let destinationPort { return .ports(source: sourcePort, destination: destinationPort) }
        if let icmpID { return .icmp(type: icmpType, code: icmpCode, id: icmpID) }
        return .none
    }

    @inline(__always)
    private mutating func decodeAddresses(_ bytes: RawSpan) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            switch UInt32(attribute.type) {
            case CTA_IP_V4_SRC.rawValue, CTA_IP_V6_SRC.rawValue:
                guard let address = address(attribute) else { return }
                source = address
                hasSource = true
            case CTA_IP_V4_DST.rawValue, CTA_IP_V6_DST.rawValue:
                guard let address = address(attribute) else { return }
                destination = address
                hasDestination = true
            default: unknownAttributes += 1
            }
        }
    }

    @inline(__always)
    private func address(_ attribute: borrowing NetlinkAttribute) -> IPAddress? {
        let type = UInt32(attribute.type)
        if type == CTA_IP_V4_SRC.rawValue || type == CTA_IP_V4_DST.rawValue {
            return attribute.payload.bigEndianUInt32().map(IPAddress.init(ipv4:))
        }
        guard let high = attribute.payload.bigEndianUInt64(), let low = attribute.payload.bigEndianUInt64(at: 8) else { return nil }
        return IPAddress(ipv6High: high, low: low)
    }

    @inline(__always)
    private mutating func decodeProtocol(_ bytes: RawSpan) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch UInt32(attribute.type) {
            case CTA_PROTO_NUM.rawValue: transport = payload.byte().map(TransportProtocol.init(rawValue:))
            case CTA_PROTO_SRC_PORT.rawValue: sourcePort = payload.bigEndianUInt16()
            case CTA_PROTO_DST_PORT.rawValue: destinationPort = payload.bigEndianUInt16()
            case CTA_PROTO_ICMP_ID.rawValue, CTA_PROTO_ICMPV6_ID.rawValue: icmpID = payload.bigEndianUInt16()
            case CTA_PROTO_ICMP_TYPE.rawValue, CTA_PROTO_ICMPV6_TYPE.rawValue: icmpType = payload.byte() ?? 0
            case CTA_PROTO_ICMP_CODE.rawValue, CTA_PROTO_ICMPV6_CODE.rawValue: icmpCode = payload.byte() ?? 0
            default: unknownAttributes += 1
            }
        }
    }
}
