internal import CLinux
internal import KernelState
internal import Netlink

/// A tuple of two addresses and two ports as every kernel so far lays it out: read at fixed offsets, in a tenth of the time that
/// walking its attributes takes, for the two million tuples of a large table.
///
///     CTA_TUPLE_IP     { source, destination }           IPv4: 4 + 2 × 8 bytes; IPv6: 4 + 2 × 20
///     CTA_TUPLE_PROTO  { number, source port, destination port }                4 + 3 × 8
///
/// Whatever differs, were it only in its order, is left to ``TupleDecoder``.
enum UsualTuple {
    /// Writes the tuple over `tuple`; false, and nothing written, when it is laid out in any other way.
    @inline(__always)
    static func decode(_ bytes: RawSpan, into tuple: inout Tuple) -> Bool {
        switch bytes.byteCount {
        case 48:
            guard has(bytes, at: 0, CTA_TUPLE_IP.rawValue | nested, 20), has(bytes, at: 4, CTA_IP_V4_SRC.rawValue, 8),
                has(bytes, at: 12, CTA_IP_V4_DST.rawValue, 8), decodePorts(bytes, at: 20, into: &tuple),
                let source = bytes.bigEndianUInt32(at: 8), let destination = bytes.bigEndianUInt32(at: 16)
            else { return false }
            tuple.source = IPAddress(ipv4: source)
            tuple.destination = IPAddress(ipv4: destination)
            return true
        case 72:
            guard has(bytes, at: 0, CTA_TUPLE_IP.rawValue | nested, 44), has(bytes, at: 4, CTA_IP_V6_SRC.rawValue, 20),
                has(bytes, at: 24, CTA_IP_V6_DST.rawValue, 20), decodePorts(bytes, at: 44, into: &tuple),
                let source = TupleDecoder.ipv6(bytes, at: 8), let destination = TupleDecoder.ipv6(bytes, at: 28)
            else { return false }
            tuple.source = source
            tuple.destination = destination
            return true
        default: return false
        }
    }

    @inline(__always)
    private static func decodePorts(_ bytes: RawSpan, at start: Int, into tuple: inout Tuple) -> Bool {
        guard has(bytes, at: start, CTA_TUPLE_PROTO.rawValue | nested, 28), has(bytes, at: start + 4, CTA_PROTO_NUM.rawValue, 5),
            has(bytes, at: start + 12, CTA_PROTO_SRC_PORT.rawValue, 6), has(bytes, at: start + 20, CTA_PROTO_DST_PORT.rawValue, 6),
            let number = bytes.byte(at: start + 8), let source = bytes.bigEndianUInt16(at: start + 16),
            let destination = bytes.bigEndianUInt16(at: start + 24)
        else { return false }
        tuple.transport = TransportProtocol(rawValue: number)
        tuple.detail = .ports(source: source, destination: destination)
        tuple.zone = nil
        return true
    }

    /// `NLA_F_NESTED`.
    private static let nested: UInt32 = 1 << 15

    /// True when the header of an attribute of this type and length stands there.
    @inline(__always)
    private static func has(_ bytes: RawSpan, at offset: Int, _ type: UInt32, _ length: UInt32) -> Bool {
        bytes.hostEndianUInt32(at: offset) == type << 16 | length
    }
}
