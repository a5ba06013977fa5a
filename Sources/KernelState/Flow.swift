/// One direction of a conntrack entry: the kernel's `struct nf_conntrack_tuple`.
public struct Tuple: Hashable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var transport: TransportProtocol
    public var detail: TupleDetail
    /// The zone of this direction alone (`CTA_TUPLE_ZONE`), where it differs from the other direction's.
    public var zone: UInt16?

    @inlinable public init(
        source: IPAddress, destination: IPAddress, transport: TransportProtocol, detail: TupleDetail, zone: UInt16? = nil
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.detail = detail
        self.zone = zone
    }

    @inlinable public var sourceEndpoint: Endpoint {
        switch detail {
        case .ports(let port, _): Endpoint(address: source, detail: .port(port))
        case .icmp(let type, let code, let id): Endpoint(address: source, detail: .icmp(type: type, code: code, id: id))
        case .none: Endpoint(address: source, detail: .none)
        }
    }

    @inlinable public var destinationEndpoint: Endpoint {
        switch detail {
        case .ports(_, let port): Endpoint(address: destination, detail: .port(port))
        case .icmp(let type, let code, let id): Endpoint(address: destination, detail: .icmp(type: type, code: code, id: id))
        case .none: Endpoint(address: destination, detail: .none)
        }
    }
}

/// What a tuple holds beyond its addresses: the kernel's `CTA_TUPLE_PROTO`, in host byte order.
public enum TupleDetail: Hashable, Sendable {
    case ports(source: UInt16, destination: UInt16)
    case icmp(type: UInt8, code: UInt8, id: UInt16)
    case none
}

/// Packets and bytes of both directions since the entry was made (`CTA_COUNTERS_ORIG`, `CTA_COUNTERS_REPLY`).
///
/// Present when `net.netfilter.nf_conntrack_acct` was 1 as the entry was made.
public struct FlowCounters: Hashable, Sendable {
    public var originalPackets: UInt64 = 0
    public var originalBytes: UInt64 = 0
    public var replyPackets: UInt64 = 0
    public var replyBytes: UInt64 = 0
    public init() {}
}

/// A helper's name (`CTA_HELP_NAME`), at most 15 bytes (`NF_CT_HELPER_NAME_LEN` with its end), kept off the heap.
public struct HelperName: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    /// The sixteen bytes, the first in the highest eight bits of `high`; what follows the name is zero.
    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter name: its bytes, of which fifteen are kept.
    public init(_ name: some Sequence<UInt8>) {
        let text = ShortTextPacker(name: name)
        self.init(high: text.high, low: text.low)
    }

    public var text: String { ShortTextPacker.text(high: high, low: low) }
}

/// The 128 connection labels (`CTA_LABELS`): bit n of the kernel's bitmap is bit n of ``low``, or n - 64 of ``high``.
public struct FlowLabels: Hashable, Sendable {
    public var low: UInt64
    public var high: UInt64
    @inlinable public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

/// One entry of the conntrack table, as ctnetlink tells it. It holds no reference, so copying one costs no more than its bytes.
public struct Flow: Hashable, Sendable {
    /// `CTA_TUPLE_ORIG`: as the first packet came.
    public var original: Tuple
    /// `CTA_TUPLE_REPLY`: as an answer is expected; where it is not the original's mirror, an address was translated.
    public var reply: Tuple
    /// `CTA_PROTOINFO`; nil for protocols without states, and for offloaded entries, of which the kernel sends none.
    public var state: FlowState?
    /// `CTA_STATUS`.
    public var status: FlowStatus = []
    /// `CTA_TIMEOUT`, seconds until the entry expires; nil for an offloaded entry, of which the kernel sends none.
    public var timeout: UInt32?
    /// `CTA_MARK`.
    public var mark: UInt32 = 0
    /// `CTA_ZONE`: 0 when the kernel sends none.
    public var zone: UInt16 = 0
    /// `CTA_ID`: a stable hash since Linux 5.2, an address' low half before. Not unique in large tables.
    public var id: UInt32 = 0
    /// `CTA_USE`: references held on the entry.
    public var use: UInt32 = 0
    public var counters: FlowCounters?
    /// `CTA_TIMESTAMP_START`, nanoseconds since 1970, with `net.netfilter.nf_conntrack_timestamp` = 1.
    public var start: UInt64?
    /// `CTA_TIMESTAMP_STOP`, nanoseconds since 1970: in the event that ends an entry.
    public var stop: UInt64?
    public var helper: HelperName?
    public var labels: FlowLabels?

    @inlinable public init(original: Tuple, reply: Tuple) {
        self.original = original
        self.reply = reply
    }

    @inlinable public var transport: TransportProtocol { original.transport }
    @inlinable public var family: AddressFamily { original.source.family }

    /// True when an answer has not been seen: conntrack's `[UNREPLIED]`.
    @inlinable public var isUnreplied: Bool { !status.contains(.seenReply) }

    /// The zone of the original direction, within which no two entries have the same original tuple.
    @inlinable public var originalZone: UInt16 { original.zone ?? zone }

    /// True when the entry, or one of its directions alone, is in `zone`.
    public func isIn(zone: UInt16) -> Bool { self.zone == zone || original.zone == zone || reply.zone == zone }
}
