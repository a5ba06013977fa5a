import ConntrackText
import KernelState
import Testing

@testable import Conntrack
@testable import Netlink

/// Decodes every entry of a datagram, as a dump does.
func decode(_ bytes: [UInt8]) -> (flows: [Flow], decoder: FlowDecoder) {
    var decoder = FlowDecoder()
    var flows: [Flow] = []
    bytes.withUnsafeBytes { buffer in
        var messages = MessageCursor(RawSpan(_unsafeBytes: buffer))
        while let message = messages.next() {
            if let flow = decoder.decode(message.payload) { flows.append(flow) }
        }
    }
    return (flows, decoder)
}

/// The line that libnetfilter_conntrack, the second decoder, writes for an entry.
func peerLine(_ flow: Flow, takenAt: UInt64 = 0) throws -> String {
    var renderer = try ConntrackTextRenderer(extended: true, id: true)
    var line: [UInt8] = []
    renderer.append(flow, takenAt: takenAt, to: &line)
    return String(decoding: line, as: UTF8.self)
}

@Suite struct FlowDecoderTests {
    @Test func `an unreplied translated connection`() throws {
        let (flows, decoder) = decode(Fixtures.unreplied)
        let flow = try #require(flows.first)
        let client = try #require(IPAddress("10.233.75.9"))
        #expect(flow.original.source == client)
        #expect(flow.original.destinationEndpoint.description == "10.233.0.3:9153")
        #expect(flow.reply.sourceEndpoint.description == "10.233.71.1:9153")
        #expect(flow.reply.destinationEndpoint == flow.original.sourceEndpoint)
        #expect(flow.state == .tcp(.synSent))
        #expect(flow.isUnreplied)
        #expect(flow.status == [.confirmed, .destinationNAT, .sourceNATDone, .destinationNATDone])
        #expect(flow.timeout == 118)
        #expect(flow.id == 901_241_323)
        #expect(flow.use == 1)
        #expect(flow.counters == nil)
        #expect(decoder.unknownAttributes == 0 && decoder.undecodable == 0)
    }

    @Test func `counters and start time`() throws {
        let flow = try #require(decode(Fixtures.counted).flows.first)
        #expect(flow.counters?.originalPackets == 3)
        #expect(flow.counters?.originalBytes == 164)
        #expect(flow.counters?.replyPackets == 2)
        #expect(flow.counters?.replyBytes == 112)
        #expect(flow.start == 0x18ea_dfde_a430_0ffd)
        #expect(flow.state == .tcp(.closeWait))
    }

    @Test func `an age is as of the reading`() throws {
        let flow = try #require(decode(Fixtures.counted).flows.first)
        let start = try #require(flow.start)
        let second: UInt64 = 1_000_000_000
        #expect(try peerLine(flow, takenAt: start + 75 * second).contains(" delta-time=75 "))
        // One that began while the table was read.
        #expect(try peerLine(flow, takenAt: start - 75 * second).contains(" delta-time=0 "))
    }

    @Test func `the second decoder reads the same from what this one read`() throws {
        let flow = try #require(decode(Fixtures.unreplied).flows.first)
        #expect(
            try peerLine(flow) == "ipv4     2 tcp      6 118 SYN_SENT src=10.233.75.9 dst=10.233.0.3 sport=51078 dport=9153 "
                + "[UNREPLIED] src=10.233.71.1 dst=10.233.75.9 sport=9153 dport=51078 mark=0 use=1 id=901241323")
    }

    @Test func `every state and protocol survives encoding and decoding`() {
        for flow in sampleFlows() {
            let (flows, decoder) = decode(FlowEncoder(flow).bytes)
            #expect(flows == [flow])
            #expect(decoder.unknownAttributes == 0)
        }
    }

    @Test func `attributes of a newer kernel are skipped and counted`() throws {
        var bytes = Fixtures.unreplied + [0x08, 0x00, 0xff, 0x00, 1, 2, 3, 4]  // type 255
        bytes[0] = UInt8(bytes.count)
        let (flows, decoder) = decode(bytes)
        #expect(flows == decode(Fixtures.unreplied).flows)
        #expect(decoder.unknownAttributes == 1)
    }

    @Test func `a message cut short anywhere is refused or harmless`() {
        for length in 0..<Fixtures.counted.count {
            var bytes = Array(Fixtures.counted.prefix(length))
            #expect(decode(bytes).flows.isEmpty)  // the header promises more than there is
            guard length >= 16 else { continue }
            bytes[0] = UInt8(truncatingIfNeeded: length)
            bytes[1] = UInt8(truncatingIfNeeded: length >> 8)
            for flow in decode(bytes).flows { #expect(flow.original.source == IPAddress("10.233.75.9")) }
        }
    }

    @Test func `a zero-length attribute ends the walk instead of repeating it`() {
        var bytes = Fixtures.unreplied
        bytes[20] = 0
        bytes[21] = 0
        let (flows, decoder) = decode(bytes)
        #expect(flows.isEmpty)
        #expect(decoder.undecodable == 1)
    }

    @Test func `tuples are read the same at fixed offsets and attribute by attribute`() throws {
        for flow in sampleFlows() {
            for tuple in [flow.original, flow.reply] {
                var bare = tuple
                bare.zone = nil
                let bytes = tupleBytes(of: bare)
                var quick = Flow.blank.original
                var walked = Flow.blank.original
                var decoder = TupleDecoder()
                let isUsual = bytes.withUnsafeBytes { UsualTuple.decode(RawSpan(_unsafeBytes: $0), into: &quick) }
                #expect(bytes.withUnsafeBytes { decoder.decode(RawSpan(_unsafeBytes: $0), into: &walked) })
                #expect(walked == bare)
                if case .ports = bare.detail { #expect(isUsual && quick == bare) } else { #expect(!isUsual && quick == Flow.blank.original) }
            }
        }
    }

    @Test func `a tuple whose attributes stand in another order is read the same`() {
        var bytes = Fixtures.unreplied
        bytes.replaceSubrange(28..<44, with: Fixtures.unreplied[36..<44] + Fixtures.unreplied[28..<36])  // source and destination
        #expect(decode(bytes).flows == decode(Fixtures.unreplied).flows)
    }

    @Test func `entries without a wanted port are given up, and a reused flow keeps nothing of the last one`() throws {
        let wanted = try #require(decode(Fixtures.unreplied).flows.first)
        for (ports, isWanted) in [([UInt16](), true), ([9_153], true), ([80, 51_078], true), ([80, 443], false)] {
            var decoder = FlowDecoder(ports: ports)
            var flow = try #require(decode(Fixtures.counted).flows.first)
            Fixtures.unreplied.withUnsafeBytes { bytes in
                let payload = RawSpan(_unsafeBytes: bytes).dropping(16)
                let outcome = decoder.decode(payload, into: &flow)
                #expect(outcome == (isWanted ? .entry : .otherPorts))
            }
            if isWanted { #expect(flow == wanted) }
            #expect(decoder.undecodable == 0)
        }
    }

    /// What stands inside `CTA_TUPLE_ORIG` for a tuple, in the kernel's order and with its `NLA_F_NESTED`.
    private func tupleBytes(of tuple: Tuple) -> [UInt8] {
        let message = FlowEncoder(Flow(original: tuple, reply: tuple)).bytes
        let length = Int(message[20]) | Int(message[21]) << 8  // after nlmsghdr and nfgenmsg
        var bytes = Array(message[24..<20 + length])
        bytes[3] |= 0x80
        bytes[Int(bytes[0]) + 3] |= 0x80
        return bytes
    }

    @Test func `damaged bytes never trap`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Bool.random() ? Fixtures.unreplied : Fixtures.counted
            for _ in 0..<3 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8.random(in: 0...255) }
            _ = decode(bytes)
        }
    }

    private func sampleFlows() -> [Flow] {
        let addresses = [
            (IPAddress(ipv4: 0x0a00_0001), IPAddress(ipv4: 0xc0a8_0001)),
            (IPAddress(ipv6High: 0xfd00 << 48, low: 1), IPAddress(ipv6High: 0xfd00 << 48, low: 2)),
        ]
        let states: [(TransportProtocol, FlowState?)] =
            TCPState.allCases.map { (.tcp, .tcp($0)) } + SCTPState.allCases.map { (.sctp, .sctp($0)) }
            + DCCPState.allCases.map { (.dccp, .dccp($0)) } + [(.udp, nil), (.udplite, nil), (.gre, nil)]
        var flows: [Flow] = []
        for (source, destination) in addresses {
            for (transport, state) in states {
                flows.append(flow(source, destination, transport, .ports(source: 1_234, destination: 53), state))
            }
            let icmp: TransportProtocol = source.family == .ipv4 ? .icmp : .icmpv6
            flows.append(flow(source, destination, icmp, .icmp(type: 8, code: 0, id: 77), nil))
            flows.append(flow(source, destination, TransportProtocol(rawValue: 50), .none, nil))
        }
        return flows
    }

    private func flow(
        _ source: IPAddress, _ destination: IPAddress, _ transport: TransportProtocol, _ detail: TupleDetail, _ state: FlowState?
    ) -> Flow {
        var flow = Flow(
            original: Tuple(source: source, destination: destination, transport: transport, detail: detail, zone: 4),
            reply: Tuple(source: destination, destination: source, transport: transport, detail: detail))
        flow.state = state
        flow.status = FlowStatus(rawValue: 0xffff)
        flow.timeout = 30
        flow.mark = 0xdead_beef
        flow.zone = 9
        flow.id = 5
        flow.use = 2
        flow.counters = FlowCounters()
        flow.start = 17
        flow.helper = HelperName(high: 0x6674_7000_0000_0000, low: 0)
        return flow
    }
}
