internal import CLinux
public import KernelState
internal import Netlink

/// Decodes conntrack entries from what follows a netlink header: `struct nfgenmsg` and the `CTA_*` attributes.
///
/// Nothing is allocated. Attributes that are not known here are skipped and counted: newer kernels send more.
public struct FlowDecoder: Sendable {
    /// Attributes skipped since the decoder was made.
    public private(set) var unknownAttributes = 0
    /// Entries without two readable tuples since the decoder was made.
    public private(set) var undecodable = 0

    /// Where there are any, an entry without one of these ports in either tuple is given up as soon as its tuples are known.
    private let ports: [UInt16]

    /// What became of a message.
    enum Outcome {
        /// The whole entry.
        case entry
        /// Its tuples, which have none of the ports that the decoder looks for.
        case otherPorts
        /// Nothing of use: the tuples are missing or cut short.
        case undecodable
    }

    public init() { self.init(ports: []) }

    init(ports: [UInt16]) { self.ports = ports }

    /// The entry in a message's payload, or nil when its tuples are missing or cut short.
    public mutating func decode(_ payload: RawSpan) -> Flow? {
        var flow = Flow.blank
        return decode(payload, into: &flow) == .entry ? flow : nil
    }

    /// Writes the entry in a message's payload over `flow`, which a dump uses again for each of its million entries.
    @inline(__always)
    mutating func decode(_ payload: RawSpan, into flow: inout Flow) -> Outcome {
        flow.clearOptionalParts()
        var attributes = AttributeCursor(payload.dropping(MemoryLayout<nfgenmsg>.size))
        let outcome = decodeAttributes(&attributes, into: &flow)
        guard outcome != .undecodable, attributes.failure == nil else {
            undecodable += 1
            return .undecodable
        }
        return outcome
    }

    @inline(__always)
    private mutating func decodeAttributes(_ attributes: inout AttributeCursor, into flow: inout Flow) -> Outcome {
        var hasOriginal = false
        var hasReply = false
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch UInt32(attribute.type) {
            case CTA_TUPLE_ORIG.rawValue:
                hasOriginal = decodeTuple(payload, into: &flow.original)
                guard hasOriginal else { return .undecodable }
            case CTA_TUPLE_REPLY.rawValue:
                hasReply = decodeTuple(payload, into: &flow.reply)
                guard hasReply else { return .undecodable }
                if hasOriginal, lacksPorts(flow) { return .otherPorts }
            case CTA_STATUS.rawValue: flow.status = FlowStatus(rawValue: payload.bigEndianUInt32() ?? 0)
            case CTA_PROTOINFO.rawValue: flow.state = decodeState(payload)
            case CTA_TIMEOUT.rawValue: flow.timeout = payload.bigEndianUInt32()
            case CTA_MARK.rawValue: flow.mark = payload.bigEndianUInt32() ?? 0
            case CTA_ZONE.rawValue: flow.zone = payload.bigEndianUInt16() ?? 0
            case CTA_ID.rawValue: flow.id = payload.bigEndianUInt32() ?? 0
            case CTA_USE.rawValue: flow.use = payload.bigEndianUInt32() ?? 0
            default: decodeExtension(attribute, into: &flow)
            }
        }
        return hasOriginal && hasReply ? .entry : .undecodable
    }

    @inline(__always)
    private func lacksPorts(_ flow: Flow) -> Bool {
        !ports.isEmpty && !ports.contains(eitherOf: flow.original.detail) && !ports.contains(eitherOf: flow.reply.detail)
    }

    @inline(__always)
    private mutating func decodeTuple(_ payload: RawSpan, into tuple: inout Tuple) -> Bool {
        UsualTuple.decode(payload, into: &tuple) || walkTuple(payload, into: &tuple)
    }

    private mutating func walkTuple(_ payload: RawSpan, into tuple: inout Tuple) -> Bool {
        var decoder = TupleDecoder()
        let isWhole = decoder.decode(payload, into: &tuple)
        unknownAttributes += decoder.unknownAttributes
        return isWhole
    }

    /// What only some entries carry.
    private mutating func decodeExtension(_ attribute: borrowing NetlinkAttribute, into flow: inout Flow) {
        let payload = attribute.payload
        switch UInt32(attribute.type) {
        case CTA_COUNTERS_ORIG.rawValue, CTA_COUNTERS_REPLY.rawValue:
            var counters = flow.counters ?? FlowCounters()
            let (packets, bytes) = decodeCounters(payload)
            if UInt32(attribute.type) == CTA_COUNTERS_ORIG.rawValue {
                counters.originalPackets = packets
                counters.originalBytes = bytes
            } else {
                counters.replyPackets = packets
                counters.replyBytes = bytes
            }
            flow.counters = counters
        case CTA_TIMESTAMP.rawValue: decodeTimestamps(payload, into: &flow)
        case CTA_HELP.rawValue: flow.helper = decodeHelper(payload)
        case CTA_LABELS.rawValue: flow.labels = decodeLabels(payload)
        case CTA_NAT_SRC.rawValue, CTA_NAT_DST.rawValue, CTA_TUPLE_MASTER.rawValue, CTA_SEQ_ADJ_ORIG.rawValue,
            CTA_SEQ_ADJ_REPLY.rawValue, CTA_SECMARK.rawValue, CTA_SECCTX.rawValue, CTA_SYNPROXY.rawValue:
            break  // known, and nothing that kstate shows
        default: unknownAttributes += 1
        }
    }

    private mutating func decodeCounters(_ bytes: RawSpan) -> (packets: UInt64, bytes: UInt64) {
        var result: (packets: UInt64, bytes: UInt64) = (0, 0)
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch UInt32(attribute.type) {
            case CTA_COUNTERS_PACKETS.rawValue: result.packets = payload.bigEndianUInt64() ?? 0
            case CTA_COUNTERS_BYTES.rawValue: result.bytes = payload.bigEndianUInt64() ?? 0
            // Kernels before 3.10 sent 32 bits.
            case CTA_COUNTERS32_PACKETS.rawValue: result.packets = UInt64(payload.bigEndianUInt32() ?? 0)
            case CTA_COUNTERS32_BYTES.rawValue: result.bytes = UInt64(payload.bigEndianUInt32() ?? 0)
            default: break  // padding
            }
        }
        return result
    }

    private mutating func decodeTimestamps(_ bytes: RawSpan, into flow: inout Flow) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            switch UInt32(attribute.type) {
            case CTA_TIMESTAMP_START.rawValue: flow.start = attribute.payload.bigEndianUInt64()
            case CTA_TIMESTAMP_STOP.rawValue: flow.stop = attribute.payload.bigEndianUInt64()
            default: break  // padding
            }
        }
    }

    private func decodeHelper(_ bytes: RawSpan) -> HelperName? {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            guard UInt32(attribute.type) == CTA_HELP_NAME.rawValue else { continue }
            var name = ShortTextPacker()
            for index in 0..<16 {
                guard let byte = attribute.payload.byte(at: index), byte != 0 else { break }
                name.append(byte)
            }
            return HelperName(high: name.high, low: name.low)
        }
        return nil
    }

    /// The kernel's bitmap of longs: read as two little-endian words, as it lies in memory.
    private func decodeLabels(_ bytes: RawSpan) -> FlowLabels? {
        guard let low = bytes.hostEndianUInt64() else { return nil }
        return FlowLabels(low: low, high: bytes.hostEndianUInt64(at: 8) ?? 0)
    }

    @inline(__always)
    private mutating func decodeState(_ bytes: RawSpan) -> FlowState? {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            switch UInt32(attribute.type) {
            case CTA_PROTOINFO_TCP.rawValue:
                return stateNumber(attribute.payload, type: CTA_PROTOINFO_TCP_STATE.rawValue)
                    .map { number in TCPState(rawValue: number).map(FlowState.tcp) ?? .unknown(number) }
            case CTA_PROTOINFO_SCTP.rawValue:
                return stateNumber(attribute.payload, type: CTA_PROTOINFO_SCTP_STATE.rawValue)
                    .map { number in SCTPState(rawValue: number).map(FlowState.sctp) ?? .unknown(number) }
            case CTA_PROTOINFO_DCCP.rawValue:
                return stateNumber(attribute.payload, type: CTA_PROTOINFO_DCCP_STATE.rawValue)
                    .map { number in DCCPState(rawValue: number).map(FlowState.dccp) ?? .unknown(number) }
            default: unknownAttributes += 1
            }
        }
        return nil
    }

    @inline(__always)
    private func stateNumber(_ bytes: RawSpan, type: UInt32) -> UInt8? {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            if UInt32(attribute.type) == type { return attribute.payload.byte() }
        }
        return nil
    }
}

extension Flow {
    /// What an entry is decoded into.
    static let blank: Flow = {
        let nothing = Tuple(source: IPAddress(ipv4: 0), destination: IPAddress(ipv4: 0), transport: .ip, detail: .none)
        return Flow(original: nothing, reply: nothing)
    }()

    /// Forgets everything beside the tuples, which every entry has.
    @inline(__always)
    fileprivate mutating func clearOptionalParts() {
        state = nil
        status = []
        timeout = nil
        mark = 0
        zone = 0
        id = 0
        use = 0
        counters = nil
        start = nil
        stop = nil
        helper = nil
        labels = nil
    }
}

extension [UInt16] {
    @inline(__always)
    fileprivate func contains(eitherOf detail: TupleDetail) -> Bool {
        guard case .ports(let source, let destination) = detail else { return false }
        for port in self where port == source || port == destination { return true }
        return false
    }
}
