/// What libnetfilter_conntrack reads in an entry's message, as plain values in host byte order.
///
/// A number that the message lacks is 0 where kstate has it 0 too (mark, use, id, zone, status), and nil elsewhere.
public struct PeerEntry: Hashable, Sendable {
    /// One direction: addresses in network byte order, 4 or 16 bytes; ports for what has them.
    public struct Half: Hashable, Sendable {
        public var source: [UInt8]
        public var destination: [UInt8]
        public var transport: UInt8
        public var ports: [UInt16]?
        /// `CTA_TUPLE_ZONE`.
        public var zone: UInt16?

        public init(source: [UInt8], destination: [UInt8], transport: UInt8, ports: [UInt16]?, zone: UInt16?) {
            self.source = source
            self.destination = destination
            self.transport = transport
            self.ports = ports
            self.zone = zone
        }
    }

    /// The original direction's; the library has no getter for the reply's.
    public struct ICMP: Hashable, Sendable {
        public var type: UInt8
        public var code: UInt8
        public var id: UInt16

        public init(type: UInt8, code: UInt8, id: UInt16) {
            self.type = type
            self.code = code
            self.id = id
        }
    }

    /// The kernel's number, and which protocol's states it counts.
    public enum State: Hashable, Sendable {
        case tcp(UInt8)
        case sctp(UInt8)
        case dccp(UInt8)
    }

    public var original: Half
    public var reply: Half
    public var icmp: ICMP?
    public var state: State?
    public var status: UInt32 = 0
    /// Seconds.
    public var timeout: UInt32?
    public var mark: UInt32 = 0
    public var zone: UInt16 = 0
    public var id: UInt32 = 0
    public var use: UInt32 = 0
    /// Packets and bytes of the original direction, then of the reply's.
    public var counters: [UInt64]?
    /// Nanoseconds since 1970.
    public var start: UInt64?
    public var stop: UInt64?
    public var helper: String?
    /// The numbers of the labels that are set; nil without `CTA_LABELS`.
    public var labels: [Int]?

    public init(original: Half, reply: Half) {
        self.original = original
        self.reply = reply
    }
}
