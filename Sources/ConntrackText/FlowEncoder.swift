public import KernelState

/// Encodes an entry as the ctnetlink message that the kernel would send for it, for a library that only reads those, and for
/// tests, which make entries with it.
public struct FlowEncoder {
    public private(set) var bytes: [UInt8] = []

    // enum cntl_msg_types, ctattr_type and their nested kin, from linux/netfilter/nfnetlink_conntrack.h, which this target does
    // not import: libnfnetlink's older copies of the same names stand in its way.
    private static let messageType: UInt16 = 1 << 8
    private enum Attribute: UInt16 {
        case original = 1, reply, status, protocolInfo, help
        case timeout = 7, mark, originalCounters, replyCounters, use, id
        case zone = 18
        case timestamp = 20
    }

    /// - Parameters:
    ///   - flow: the entry.
    ///   - flags: `nlmsg_flags`.
    ///   - sequence: `nlmsg_seq`.
    public init(_ flow: Flow, flags: UInt16 = 0, sequence: UInt32 = 0) {
        bytes.reserveCapacity(512)
        put32(0)  // nlmsg_len, known at the end
        put16(Self.messageType)
        put16(flags)
        put32(sequence)
        put32(0)
        bytes += [flow.family.rawValue, 0, 0, 0]
        putTuple(.original, flow.original)
        putTuple(.reply, flow.reply)
        attribute(.status) { $0.putBig32(flow.status.rawValue) }
        putState(flow.state)
        if let helper = flow.helper { attribute(.help) { $0.attribute(1) { $0.bytes += Array(helper.text.utf8) + [0] } } }
        if let timeout = flow.timeout { attribute(.timeout) { $0.putBig32(timeout) } }
        attribute(.mark) { $0.putBig32(flow.mark) }
        if let counters = flow.counters {
            putPair(.originalCounters, counters.originalPackets, counters.originalBytes)
            putPair(.replyCounters, counters.replyPackets, counters.replyBytes)
        }
        attribute(.use) { $0.putBig32(flow.use) }
        attribute(.id) { $0.putBig32(flow.id) }
        if flow.zone != 0 { attribute(.zone) { $0.putBig16(flow.zone) } }
        if let start = flow.start { putPair(.timestamp, start, flow.stop) }
        let length = UInt32(bytes.count)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    }

    private mutating func putTuple(_ type: Attribute, _ tuple: Tuple) {
        attribute(type) { nested in
            nested.attribute(1) { addresses in
                let isIPv6 = tuple.source.family == .ipv6
                addresses.attribute(isIPv6 ? 3 : 1) { $0.putAddress(tuple.source) }
                addresses.attribute(isIPv6 ? 4 : 2) { $0.putAddress(tuple.destination) }
            }
            nested.attribute(2) { $0.putTransport(tuple) }
            if let zone = tuple.zone { nested.attribute(3) { $0.putBig16(zone) } }
        }
    }

    private mutating func putTransport(_ tuple: Tuple) {
        attribute(1) { $0.bytes.append(tuple.transport.rawValue) }
        switch tuple.detail {
        case .ports(let source, let destination):
            attribute(2) { $0.putBig16(source) }
            attribute(3) { $0.putBig16(destination) }
        case .icmp(let type, let code, let id):
            let first: UInt16 = tuple.transport == .icmpv6 ? 7 : 4
            attribute(first) { $0.putBig16(id) }
            attribute(first + 1) { $0.bytes.append(type) }
            attribute(first + 2) { $0.bytes.append(code) }
        case .none: break
        }
    }

    /// `CTA_PROTOINFO`: a nest for the protocol (TCP 1, DCCP 2, SCTP 3), in which the state is number 1.
    private mutating func putState(_ state: FlowState?) {
        let coded: (nest: UInt16, number: UInt8)
        switch state {
        case .tcp(let state): coded = (1, state.rawValue)
        case .dccp(let state): coded = (2, state.rawValue)
        case .sctp(let state): coded = (3, state.rawValue)
        case .unknown, nil: return
        }
        attribute(.protocolInfo) { info in
            info.attribute(coded.nest) { nested in
                nested.attribute(1) { $0.bytes.append(coded.number) }
                guard case .sctp = state else { return }
                // The kernel makes no SCTP entry without its two verification tags.
                nested.attribute(2) { $0.putBig32(0) }
                nested.attribute(3) { $0.putBig32(0) }
            }
        }
    }

    private mutating func putPair(_ type: Attribute, _ first: UInt64, _ second: UInt64?) {
        attribute(type) { nested in
            nested.attribute(1) { $0.putBig64(first) }
            if let second { nested.attribute(2) { $0.putBig64(second) } }
        }
    }

    private mutating func attribute(_ type: Attribute, _ body: (inout FlowEncoder) -> Void) {
        attribute(type.rawValue, body)
    }

    private mutating func attribute(_ type: UInt16, _ body: (inout FlowEncoder) -> Void) {
        let start = bytes.count
        put16(0)
        put16(type)
        body(&self)
        let length = bytes.count - start
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private mutating func putAddress(_ address: IPAddress) {
        if address.family == .ipv4 { return putBig32(UInt32(truncatingIfNeeded: address.low)) }
        putBig64(address.high)
        putBig64(address.low)
    }

    private mutating func put16(_ number: UInt16) { append(number.littleEndian) }
    private mutating func put32(_ number: UInt32) { append(number.littleEndian) }
    private mutating func putBig16(_ number: UInt16) { append(number.bigEndian) }
    private mutating func putBig32(_ number: UInt32) { append(number.bigEndian) }
    private mutating func putBig64(_ number: UInt64) { append(number.bigEndian) }
    private mutating func append(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) } }
}
