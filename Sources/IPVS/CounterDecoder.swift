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
            guard let field = field(Int(attribute.type)), let number = number(attribute.payload) else { continue }
            counters[keyPath: field] = number
        }
        return counters
    }

    private static func number(_ bytes: RawSpan) -> UInt64? {
        bytes.byteCount == 4 ? bytes.hostEndianUInt32().map(UInt64.init) : bytes.hostEndianUInt64()
    }

    private static func field(_ type: Int) -> WritableKeyPath<TrafficCounters, UInt64>? {
        switch type {
        case Int(IPVS_STATS_ATTR_CONNS): \.connections
        case Int(IPVS_STATS_ATTR_INPKTS): \.inboundPackets
        case Int(IPVS_STATS_ATTR_OUTPKTS): \.outboundPackets
        case Int(IPVS_STATS_ATTR_INBYTES): \.inboundBytes
        case Int(IPVS_STATS_ATTR_OUTBYTES): \.outboundBytes
        case Int(IPVS_STATS_ATTR_CPS): \.connectionRate
        case Int(IPVS_STATS_ATTR_INPPS): \.inboundPacketRate
        case Int(IPVS_STATS_ATTR_OUTPPS): \.outboundPacketRate
        case Int(IPVS_STATS_ATTR_INBPS): \.inboundByteRate
        case Int(IPVS_STATS_ATTR_OUTBPS): \.outboundByteRate
        default: nil
        }
    }
}
