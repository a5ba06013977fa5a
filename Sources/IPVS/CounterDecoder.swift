internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes `IPVS_*_ATTR_STATS64`, or the `IPVS_*_ATTR_STATS` of kernels before 4.1, whose numbers but the bytes are 32 bits wide.
/// Kernels that have both send both, in any order.
struct CounterDecoder {
    private var wide: TrafficCounters?
    private var narrow: TrafficCounters?

    /// The wider of what was decoded; nil when neither came.
    var counters: TrafficCounters? { wide ?? narrow }

    mutating func decodeWide(_ bytes: RawSpan) { wide = Self.decode(bytes) }
    mutating func decodeNarrow(_ bytes: RawSpan) { narrow = Self.decode(bytes) }

    private static func decode(_ bytes: RawSpan) -> TrafficCounters {
        var counters = TrafficCounters()
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            guard let number = number(attribute.payload) else { continue }
            switch Int(attribute.type) {
            case Int(IPVS_STATS_ATTR_CONNS): counters.connections = number
            case Int(IPVS_STATS_ATTR_INPKTS): counters.inboundPackets = number
            case Int(IPVS_STATS_ATTR_OUTPKTS): counters.outboundPackets = number
            case Int(IPVS_STATS_ATTR_INBYTES): counters.inboundBytes = number
            case Int(IPVS_STATS_ATTR_OUTBYTES): counters.outboundBytes = number
            case Int(IPVS_STATS_ATTR_CPS): counters.connectionRate = number
            case Int(IPVS_STATS_ATTR_INPPS): counters.inboundPacketRate = number
            case Int(IPVS_STATS_ATTR_OUTPPS): counters.outboundPacketRate = number
            case Int(IPVS_STATS_ATTR_INBPS): counters.inboundByteRate = number
            case Int(IPVS_STATS_ATTR_OUTBPS): counters.outboundByteRate = number
            default: break  // padding
            }
        }
        return counters
    }

    private static func number(_ bytes: RawSpan) -> UInt64? {
        bytes.byteCount == 4 ? bytes.hostEndianUInt32().map(UInt64.init) : bytes.hostEndianUInt64()
    }
}
