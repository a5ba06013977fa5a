internal import KernelState

/// What a conntrack entry's reply says beyond its original's mirror: nil where the two agree, which in most entries is everywhere.
struct ReplyDifference {
    var source: IPAddress?
    var destination: IPAddress?
    var ports: PortColumns

    init(_ flow: Flow) {
        let original = flow.original
        let reply = flow.reply
        source = reply.source == original.destination ? nil : reply.source
        destination = reply.destination == original.source ? nil : reply.destination
        let mirror = PortColumns(original.detail).mirrored(isICMP: flow.transport.isICMP)
        ports = PortColumns(reply.detail)
        if ports.source == mirror.source { ports.source = nil }
        if ports.destination == mirror.destination { ports.destination = nil }
    }
}

/// A tuple's two columns for ports. ICMP has its identifier in the first, and type and code in the second's two bytes.
struct PortColumns: Equatable {
    var source: UInt16?
    var destination: UInt16?

    init(source: UInt16?, destination: UInt16?) {
        self.source = source
        self.destination = destination
    }

    init(_ detail: TupleDetail) {
        switch detail {
        case .ports(let source, let destination): self.init(source: source, destination: destination)
        case .icmp(let type, let code, let id): self.init(source: id, destination: UInt16(type) << 8 | UInt16(code))
        case .none: self.init(source: nil, destination: nil)
        }
    }

    func mirrored(isICMP: Bool) -> PortColumns {
        guard isICMP else { return PortColumns(source: destination, destination: source) }
        return PortColumns(
            source: source,
            destination: destination.map { UInt16(ICMPType.answer(to: UInt8($0 >> 8))) << 8 | $0 & 0xff })
    }

    func detail(isICMP: Bool) -> TupleDetail {
        guard let source, let destination else { return .none }
        if isICMP { return .icmp(type: UInt8(destination >> 8), code: UInt8(destination & 0xff), id: source) }
        return .ports(source: source, destination: destination)
    }
}

extension FlowState {
    /// The number in the kernel's `CTA_PROTOINFO_*_STATE`.
    var number: UInt8 {
        switch self {
        case .tcp(let state): state.rawValue
        case .sctp(let state): state.rawValue
        case .dccp(let state): state.rawValue
        case .unknown(let number): number
        }
    }

    init(_ number: UInt8, of transport: TransportProtocol) {
        switch transport {
        case .tcp: self = TCPState(rawValue: number).map(FlowState.tcp) ?? .unknown(number)
        case .sctp: self = SCTPState(rawValue: number).map(FlowState.sctp) ?? .unknown(number)
        case .dccp: self = DCCPState(rawValue: number).map(FlowState.dccp) ?? .unknown(number)
        default: self = .unknown(number)
        }
    }
}
