internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes `CTA_TUPLE_*`: addresses, protocol and ports, and the zone of one direction.
struct TupleDecoder {
    /// Which parts of a tuple have been met.
    private struct Parts: OptionSet {
        let rawValue: UInt8
        static let source = Parts(rawValue: 1)
        static let destination = Parts(rawValue: 2)
        static let transport = Parts(rawValue: 4)
        static let sourcePort = Parts(rawValue: 8)
        static let destinationPort = Parts(rawValue: 16)
        static let icmp = Parts(rawValue: 32)

        static let addressesAndTransport: Parts = [.source, .destination, .transport]
        static let ports: Parts = [.sourcePort, .destinationPort]
    }

    private var met: Parts = []
    private var ports: (source: UInt16, destination: UInt16) = (0, 0)
    private var icmp: (type: UInt8, code: UInt8, id: UInt16) = (0, 0, 0)
    private(set) var unknownAttributes = 0

    /// Writes the tuple over `tuple`; false, and `tuple` of no use, when an address or the protocol is missing or malformed.
    @inline(__always)
    mutating func decode(_ bytes: RawSpan, into tuple: inout Tuple) -> Bool {
        tuple.zone = nil
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            switch UInt32(attribute.type) {
            case CTA_TUPLE_IP.rawValue: decodeAddresses(attribute.payload, into: &tuple)
            case CTA_TUPLE_PROTO.rawValue: decodeProtocol(attribute.payload, into: &tuple)
            case CTA_TUPLE_ZONE.rawValue: tuple.zone = attribute.payload.bigEndianUInt16()
            default: unknownAttributes += 1
            }
        }
        guard met.isSuperset(of: .addressesAndTransport), tuple.source.family == tuple.destination.family else { return false }
        tuple.detail = detail
        return true
    }

    @inline(__always)
    private var detail: TupleDetail {
        if met.isSuperset(of: .ports) { return .ports(source: ports.source, destination: ports.destination) }
        if met.contains(.icmp) { return .icmp(type: icmp.type, code: icmp.code, id: icmp.id) }
        return .none
    }

    @inline(__always)
    private mutating func decodeAddresses(_ bytes: RawSpan, into tuple: inout Tuple) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let address: IPAddress?
            switch UInt32(attribute.type) {
            case CTA_IP_V4_SRC.rawValue, CTA_IP_V4_DST.rawValue: address = Self.ipv4(attribute.payload)
            case CTA_IP_V6_SRC.rawValue, CTA_IP_V6_DST.rawValue: address = Self.ipv6(attribute.payload)
            default:
                unknownAttributes += 1
                continue
            }
            guard let address else { return }
            if attribute.type == CTA_IP_V4_SRC.rawValue || attribute.type == CTA_IP_V6_SRC.rawValue {
                tuple.source = address
                met.insert(.source)
            } else {
                tuple.destination = address
                met.insert(.destination)
            }
        }
    }

    @inline(__always)
    private static func ipv4(_ bytes: RawSpan) -> IPAddress? { bytes.bigEndianUInt32().map(IPAddress.init(ipv4:)) }

    @inline(__always)
    static func ipv6(_ bytes: RawSpan, at offset: Int = 0) -> IPAddress? {
        guard let high = bytes.bigEndianUInt64(at: offset), let low = bytes.bigEndianUInt64(at: offset + 8) else { return nil }
        return IPAddress(ipv6High: high, low: low)
    }

    @inline(__always)
    private mutating func decodeProtocol(_ bytes: RawSpan, into tuple: inout Tuple) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch UInt32(attribute.type) {
            case CTA_PROTO_NUM.rawValue:
                guard let number = payload.byte() else { continue }
                tuple.transport = TransportProtocol(rawValue: number)
                met.insert(.transport)
            case CTA_PROTO_SRC_PORT.rawValue:
                guard let port = payload.bigEndianUInt16() else { continue }
                ports.source = port
                met.insert(.sourcePort)
            case CTA_PROTO_DST_PORT.rawValue:
                guard let port = payload.bigEndianUInt16() else { continue }
                ports.destination = port
                met.insert(.destinationPort)
            case CTA_PROTO_ICMP_ID.rawValue, CTA_PROTO_ICMPV6_ID.rawValue:
                guard let id = payload.bigEndianUInt16() else { continue }
                icmp.id = id
                met.insert(.icmp)
            case CTA_PROTO_ICMP_TYPE.rawValue, CTA_PROTO_ICMPV6_TYPE.rawValue: icmp.type = payload.byte() ?? 0
            case CTA_PROTO_ICMP_CODE.rawValue, CTA_PROTO_ICMPV6_CODE.rawValue: icmp.code = payload.byte() ?? 0
            default: unknownAttributes += 1
            }
        }
    }
}
