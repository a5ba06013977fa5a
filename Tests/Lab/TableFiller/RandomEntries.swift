import KernelState

/// Entries as a busy node has them, the same for the same seed (SplitMix64).
struct RandomEntries {
    private var state: UInt64
    private var number: UInt64 = 0
    private let port: UInt16
    private let percent: UInt64
    /// Pods behind each service; 0 lets any pod stand behind any service and port.
    private let backends: UInt64

    init(seed: UInt64, port: UInt16, percent: UInt64, backends: UInt64) {
        state = seed
        self.port = port
        self.percent = percent
        self.backends = backends
    }

    private mutating func random(_ bound: UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return (mixed ^ mixed >> 31) % bound
    }

    mutating func next() -> Flow {
        number += 1
        let isIPv6 = random(5) == 0
        let transport = transport(isIPv6)
        // A client's address and port come from the number, so that no two entries meet.
        let client = address(0x0a40_0000 + number / 60_000, isIPv6)
        let index = random(500)
        let service = address(0x0a60_0000 + index, isIPv6)
        let pod = address(0x0af4_0000 + (backends == 0 ? random(5_000) : index * backends + random(backends)), isIPv6)
        let translated = random(3) > 0
        var original = Tuple(source: client, destination: service, transport: transport, detail: detail(transport))
        if backends > 0, case .ports(let own, _) = original.detail { original.detail = .ports(source: own, destination: 80) }
        let reply = Tuple(
            source: translated ? pod : service, destination: random(4) == 0 ? address(0x0a00_0001, isIPv6) : client,
            transport: transport, detail: mirrored(original.detail, translatedPort: translated && (backends > 0 || random(4) == 0)))
        var flow = Flow(original: original, reply: reply)
        decorate(&flow)
        return flow
    }

    private mutating func transport(_ isIPv6: Bool) -> TransportProtocol {
        switch random(20) {
        case 0..<12: .tcp
        case 12..<17: .udp
        case 17: isIPv6 ? .icmpv6 : .icmp
        case 18: .sctp
        default: .udplite
        }
    }

    private func address(_ number: UInt64, _ isIPv6: Bool) -> IPAddress {
        isIPv6 ? IPAddress(ipv6High: 0xfd00_0010_0000_0000, low: number) : IPAddress(ipv4: UInt32(truncatingIfNeeded: number))
    }

    private mutating func detail(_ transport: TransportProtocol) -> TupleDetail {
        let own = UInt16(truncatingIfNeeded: 1_024 + number % 60_000)
        if transport == .icmp { return .icmp(type: 8, code: 0, id: own) }
        if transport == .icmpv6 { return .icmp(type: 128, code: 0, id: own) }
        let ports: [UInt16] = [53, 80, 443, 8080, 6443]
        return .ports(source: own, destination: random(100) < percent ? port : ports[Int(random(5))])
    }

    private func mirrored(_ detail: TupleDetail, translatedPort: Bool) -> TupleDetail {
        switch detail {
        case .ports(let source, let destination): .ports(source: translatedPort ? 8_443 : destination, destination: source)
        case .icmp(8, let code, let id): .icmp(type: 0, code: code, id: id)
        case .icmp(_, let code, let id): .icmp(type: 129, code: code, id: id)
        case .none: .none
        }
    }

    private mutating func decorate(_ flow: inout Flow) {
        flow.timeout = 3_600 + UInt32(random(80_000))
        flow.status = [.confirmed]
        if random(5) > 0 { flow.status.insert(.seenReply) }
        if flow.status.contains(.seenReply), random(2) == 0 { flow.status.insert(.assured) }
        if random(50) == 0 { flow.mark = UInt32(truncatingIfNeeded: random(1 << 32)) }
        if random(50) == 0 { flow.zone = UInt16(1 + random(9)) }
        if flow.transport == .tcp, let state = TCPState(rawValue: UInt8(1 + random(8))) { flow.state = .tcp(state) }
        if flow.transport == .sctp, let state = SCTPState(rawValue: UInt8(1 + random(7))) { flow.state = .sctp(state) }
    }
}
