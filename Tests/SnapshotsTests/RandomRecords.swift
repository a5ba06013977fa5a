import KernelState

/// Records with every field in every form, the same for the same seed.
struct RandomRecords: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number { Number(truncatingIfNeeded: next()) }

    /// True once in `odds`.
    mutating func happens(_ odds: UInt64) -> Bool { next() % odds == 0 }

    mutating func address(_ family: AddressFamily) -> IPAddress {
        if family == .ipv6 { return IPAddress(ipv6High: happens(2) ? 0xfd00_0010_0000_0000 : next(), low: happens(3) ? next() : next() % 64) }
        return IPAddress(ipv4: happens(4) ? number() : 0x0a00_0000 + UInt32(next() % 512))
    }

    mutating func flow() -> Flow {
        let family: AddressFamily = happens(3) ? .ipv6 : .ipv4
        let transport = TransportProtocol(rawValue: [6, 6, 17, 1, 58, 132, 33, 136, 47, 89, 255][Int(next() % 11)])
        var flow = flowOfTuples(family, transport)
        flow.state = state(transport)
        if happens(20) { flow.state = nil }
        flow.status = FlowStatus(rawValue: number())
        flow.timeout = happens(10) ? nil : number()
        flow.mark = happens(2) ? 0 : number()
        flow.zone = happens(2) ? 0 : number()
        flow.id = number()
        flow.use = happens(2) ? 1 : number()
        if happens(3) {
            var counters = FlowCounters()
            (counters.originalPackets, counters.originalBytes) = (next(), next())
            (counters.replyPackets, counters.replyBytes) = (next() % 100, 0)
            flow.counters = counters
        }
        if happens(3) { flow.start = next() }
        if happens(5) { flow.stop = next() }
        if happens(5) { flow.helper = HelperName(high: 0x6674_7000_0000_0000, low: 0) }
        if happens(5) { flow.labels = FlowLabels(low: next(), high: happens(2) ? 0 : next()) }
        return flow
    }

    private mutating func flowOfTuples(_ family: AddressFamily, _ transport: TransportProtocol) -> Flow {
        let original = Tuple(
            source: address(family), destination: address(family), transport: transport, detail: detail(transport),
            zone: happens(9) ? number() : nil)
        var reply = Tuple(
            source: happens(3) ? address(family) : original.destination, destination: happens(3) ? address(family) : original.source,
            transport: transport, detail: detail(transport), zone: happens(9) ? number() : nil)
        if case .ports(let source, let destination) = original.detail, !happens(4) { reply.detail = .ports(source: destination, destination: source) }
        if case .icmp(8, let code, let id) = original.detail { reply.detail = .icmp(type: 0, code: code, id: id) }
        return Flow(original: original, reply: reply)
    }

    private mutating func detail(_ transport: TransportProtocol) -> TupleDetail {
        switch transport {
        case .icmp, .icmpv6: .icmp(type: [8, 0, 13, 128, 129, 77][Int(next() % 6)], code: number(), id: number())
        case _ where transport.rawValue >= 89 && transport != .sctp && transport != .udplite: .none
        default: .ports(source: number(), destination: number())
        }
    }

    private mutating func state(_ transport: TransportProtocol) -> FlowState? {
        switch transport {
        case .tcp: happens(9) ? .unknown(200) : .tcp(TCPState(rawValue: UInt8(next() % 10))!)
        case .sctp: .sctp(SCTPState(rawValue: UInt8(next() % 10))!)
        case .dccp: .dccp(DCCPState(rawValue: UInt8(next() % 10))!)
        default: nil
        }
    }

    mutating func row() -> IPVSConnection {
        let family: AddressFamily = happens(3) ? .ipv6 : .ipv4
        var row = IPVSConnection(
            transport: TransportProtocol(rawValue: [0, 6, 17, 132][Int(next() % 4)]),
            client: Endpoint(address: address(family), port: happens(5) ? 0 : number()), service: Endpoint(address: address(family), port: number()),
            backend: Endpoint(address: address(happens(9) ? .ipv6 : family), port: number()),
            state: IPVSState(["ESTABLISHED", "SYN_RECV", "UDP", "BUG!", "A_STATE_OF_2040"][Int(next() % 5)]), expires: number(),
            origin: happens(2) ? nil : happens(2) ? .local : .sync)
        row.hasEnded = happens(9)
        return row
    }

    mutating func counters() -> TrafficCounters? {
        if happens(3) { return nil }
        var counters = TrafficCounters()
        (counters.connections, counters.inboundPackets, counters.outboundPackets) = (next(), next(), next())
        (counters.inboundBytes, counters.outboundBytes, counters.connectionRate) = (next(), next(), next())
        (counters.inboundPacketRate, counters.outboundPacketRate) = (next(), next())
        (counters.inboundByteRate, counters.outboundByteRate) = (next(), next())
        return counters
    }

    mutating func service() -> VirtualService {
        let family: AddressFamily = happens(3) ? .ipv6 : .ipv4
        var service = VirtualService(
            identity: happens(4) ? .firewallMark(number(), family) : .address(.tcp, Endpoint(address: address(family), port: number())),
            scheduler: "rr")
        service.flags = number()
        service.persistence = happens(2) ? nil : number()
        service.persistenceNetmask = happens(2) ? nil : number()
        service.persistenceEngine = happens(2) ? nil : "sip"
        service.counters = counters()
        for _ in 0..<next() % 4 {
            var backend = Backend(
                endpoint: Endpoint(address: address(family), port: number()), forwarding: ForwardingMethod(rawValue: UInt8(next() % 5))!,
                weight: number())
            backend.activeConnections = number()
            backend.inactiveConnections = number()
            backend.persistentConnections = number()
            backend.upperThreshold = number()
            backend.lowerThreshold = number()
            backend.counters = counters()
            service.backends.append(backend)
        }
        return service
    }

    mutating func facts() -> NodeFacts {
        var facts = NodeFacts()
        facts.sysctls = ["net.netfilter.nf_conntrack_max": "262144", "net.ipv4.vs.conntrack": "1"]
        for cpu in 0..<4 {
            var statistics = ConntrackStatistics(cpu: UInt16(cpu))
            (statistics.found, statistics.invalid, statistics.insert, statistics.insertFailed) = (number(), number(), number(), number())
            (statistics.drop, statistics.earlyDrop, statistics.error) = (number(), number(), number())
            (statistics.searchRestart, statistics.clashResolve, statistics.chainTooLong) = (number(), number(), number())
            facts.conntrackStatistics.append(statistics)
        }
        var ipvs = IPVSFacts()
        (ipvs.version, ipvs.connectionTableSize, ipvs.tcpTimeout, ipvs.tcpFinTimeout, ipvs.udpTimeout) = (number(), 4_096, 900, 120, nil)
        ipvs.daemons = [IPVSDaemon(role: .backup, interface: "eth0", syncIdentifier: number())]
        facts.ipvs = ipvs
        for index in 1...3 as ClosedRange<UInt32> {
            facts.interfaces.append(link(index))
            facts.routes.append(route())
            facts.neighbours.append(neighbour())
        }
        facts.resolverConfiguration = "nameserver 10.233.0.3\nsearch default.svc.cluster.local\n"
        facts.problems = [KernelStateError(operation: "reading", cause: "no", remedy: "yes", code: 13)]
        return facts
    }

    private mutating func link(_ index: UInt32) -> NetworkInterface {
        var link = NetworkInterface(index: index, name: "eth\(index)")
        link.kind = happens(2) ? "" : "vxlan"
        link.isUp = happens(2)
        link.mtu = 1_500
        link.addresses = [AddressPrefix(address(.ipv4), length: 24), AddressPrefix(address(.ipv6), length: 64)]
        link.tunnelPort = happens(2) ? nil : number()
        link.tunnelIdentifier = happens(2) ? nil : number()
        link.tunnelLocal = happens(2) ? nil : address(.ipv4)
        link.tunnelRemote = happens(2) ? nil : address(.ipv6)
        link.lowerIndex = happens(2) ? nil : number()
        return link
    }

    private mutating func route() -> Route {
        var route = Route(destination: AddressPrefix(address(.ipv4), length: 16), table: number(), type: number())
        route.gateway = happens(2) ? nil : address(.ipv4)
        route.interface = happens(2) ? nil : number()
        route.preferredSource = happens(2) ? nil : address(.ipv6)
        route.metric = number()
        return route
    }

    private mutating func neighbour() -> Neighbour {
        var neighbour = Neighbour(interface: number(), state: number())
        neighbour.address = happens(2) ? nil : address(.ipv6)
        neighbour.linkAddress = happens(2) ? nil : next()
        neighbour.tunnelDestination = happens(2) ? nil : address(.ipv4)
        return neighbour
    }
}
