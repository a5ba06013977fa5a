/// One walk of the conntrack table that the kernel filters itself: a superset of what is wanted, to be filtered again, since old
/// kernels ignore what they do not know and hand out everything.
public struct KernelWalk: Hashable, Sendable {
    /// Which of an entry's two tuples the addresses and ports are compared with.
    public enum Half: Sendable, Hashable {
        case original, reply
    }

    /// A value, and which of its bits count.
    public struct Masked: Sendable, Hashable {
        public var value: UInt32
        public var mask: UInt32
        public init(value: UInt32, mask: UInt32) {
            self.value = value
            self.mask = mask
        }

        /// True when `number` has the value in the bits that count.
        public func admits(_ number: UInt32) -> Bool { number & mask == value }
    }

    /// nil is `AF_UNSPEC`, with which the kernel takes no tuple filter.
    public var family: AddressFamily?
    /// TCP or UDP: the kernel compares the ports of no other protocol. Linux 5.8 (`CTA_FILTER`), as the rest of the tuple.
    public var transport: TransportProtocol?
    public var half: Half = .original
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// IPv4 alone: the kernel's IPv6 address filter is inverted.
    public var ipv4Source: UInt32?
    public var ipv4Destination: UInt32?
    /// `CTA_STATUS` and `CTA_STATUS_MASK`, Linux 5.15.
    public var status: Masked?
    /// `CTA_MARK` and `CTA_MARK_MASK`, Linux 3.10.
    public var mark: Masked?
    /// `CTA_ZONE`, Linux 6.8.
    public var zone: UInt16?

    public init(family: AddressFamily? = nil) {
        self.family = family
    }

    /// True when a tuple's fields are asked for, which needs a family and `CTA_FILTER`.
    public var filtersTuple: Bool {
        transport != nil || sourcePort != nil || destinationPort != nil || ipv4Source != nil || ipv4Destination != nil
    }

    /// True when `flow` is one that the kernel would hand out: what it hands out beside is proof that it ignored the filter.
    public func admits(_ flow: Flow) -> Bool {
        let tuple = half == .original ? flow.original : flow.reply
        if let family, flow.family != family { return false }
        if let transport, flow.transport != transport { return false }
        if case .ports(let source, let destination) = tuple.detail {
            if let sourcePort, source != sourcePort { return false }
            if let destinationPort, destination != destinationPort { return false }
        } else if sourcePort != nil || destinationPort != nil {
            return false
        }
        if let ipv4Source, tuple.source != IPAddress(ipv4: ipv4Source) { return false }
        if let ipv4Destination, tuple.destination != IPAddress(ipv4: ipv4Destination) { return false }
        if let status, !status.admits(flow.status.rawValue) { return false }
        if let mark, !mark.admits(flow.mark) { return false }
        if let zone, !flow.isIn(zone: zone) { return false }
        return true
    }
}
