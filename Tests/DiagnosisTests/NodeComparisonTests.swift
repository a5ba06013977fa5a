import Correlation
import Diagnosis
import KernelState
import Testing

/// Node 0 has the client and translates; node 1 has the pod 10.0.1.5 behind a link of its own. Times are seconds.
@Suite struct NodeComparisonTests {
    private let pod = IPAddress("10.0.1.5")!

    private func flow(asked: String, state: TCPState, left: UInt32, replied: Bool) -> Flow {
        let client = IPAddress("10.0.0.9")!
        var flow = Flow(
            original: Tuple(
                source: client, destination: IPAddress(asked)!, transport: .tcp, detail: .ports(source: 40_000, destination: 80)),
            reply: Tuple(source: pod, destination: client, transport: .tcp, detail: .ports(source: 80, destination: 40_000)))
        flow.state = .tcp(state)
        flow.timeout = left
        flow.status = replied ? [.confirmed, .seenReply] : [.confirmed]
        return flow
    }

    private func place(_ node: String, at seconds: UInt64) -> Place {
        Place(
            node: node, kernel: "6.12", namespace: NetworkNamespace(name: "host", inode: 1), takenAt: seconds * 1_000_000_000)
    }

    private func facts(route: String, length: UInt8, gateway: String?) -> NodeFacts {
        var facts = NodeFacts()
        facts.interfaces = [NetworkInterface(index: 2, name: "eth0")]
        var route = Route(destination: AddressPrefix(IPAddress(route)!, length: length), table: 254, type: 1)
        route.interface = 2
        route.gateway = gateway.flatMap { IPAddress($0) }
        facts.routes = [route]
        return facts
    }

    /// What is found when node 0's connection waits and node 1 has `twin`, read `later` seconds after node 0.
    private func lost(_ twin: Flow?, later: Int = 1, whole: Bool = true) -> Diagnosis {
        let leaving = flow(asked: "10.96.0.1", state: .synSent, left: 115, replied: false)
        let places = [place("node1", at: 1_000), place("node2", at: UInt64(1_000 + later))]
        let facts = ["192.168.0.2", nil].map { self.facts(route: "10.0.1.0", length: 24, gateway: $0) }
        var comparison = NodeComparison(places, facts)
        comparison.end(TableCoverage(available: whole, complete: whole), at: 1)
        comparison.want(Connection(leaving, services: ServiceIndex()))
        comparison.offer(leaving, at: 0)
        if let twin { comparison.offer(twin, at: 1) }
        return comparison.diagnosis()
    }

    @Test func `without a twin the packets died on the way`() throws {
        let finding = try #require(lost(nil).findings.first)
        #expect(finding.lost == .beforeNode)
        #expect(finding.severity == .warning)
        #expect(finding.backend == Endpoint(address: pod, port: 80))
    }

    @Test func `an unreplied twin is the pod's silence, a replied one a loss on the way back`() throws {
        #expect(lost(flow(asked: "10.0.1.5", state: .synSent, left: 115, replied: false)).findings.first?.lost == .inPod)
        #expect(lost(flow(asked: "10.0.1.5", state: .synRecv, left: 55, replied: true)).findings.first?.lost == .onReturn)
    }

    @Test func `a connection that arrived and waits tells how far the clocks are apart`() throws {
        let diagnosis = lost(flow(asked: "10.0.1.5", state: .synSent, left: 114, replied: false), later: 8)
        let clock = ClockReading(place: 1, reference: 0, seconds: 7, connections: 1, isExact: false)
        #expect(diagnosis.clocks == [clock])
        let sentence = "node2's clock is 7.0 s ahead of node1's, to a second, by 1 connection"
        #expect(diagnosis.findings.first?.evidence.contains(sentence) == true)
        #expect(Diagnosis.summary(of: [Diagnosis(), diagnosis]).clocks == [clock])
        #expect(lost(nil).clocks.isEmpty)
    }

    @Test func `clocks within what can be told agree`() {
        func sentence(_ seconds: Double, isExact: Bool) -> String {
            ClockReading(place: 1, reference: 0, seconds: seconds, connections: 2, isExact: isExact).sentence("b", against: "a")
        }
        #expect(sentence(-0.9, isExact: false) == "b's clock agrees with a's to a second, by 2 connections")
        #expect(sentence(-0.9, isExact: true) == "b's clock is 0.9 s behind a's, to a tenth of a second, by 2 connections")
    }

    @Test func `a node whose table was not read whole proves nothing but what it has`() {
        let diagnosis = lost(nil, whole: false)
        #expect(diagnosis.findings.isEmpty)
        #expect(diagnosis.unchecked.map(\.reason) == ["where 1 connection got to is not known: node2's conntrack table is missing or incomplete"])
        let twin = flow(asked: "10.0.1.5", state: .synSent, left: 115, replied: false)
        #expect(lost(twin, whole: false).findings.first?.lost == .inPod)
    }

    @Test func `a node that was read before the packets left proves nothing`() {
        let diagnosis = lost(nil, later: -30)
        #expect(diagnosis.findings.isEmpty)
        #expect(diagnosis.unchecked.first?.reason.contains("began after the other node was read") == true)
    }
}

@Suite struct ClockDifferenceTests {
    private func entry(state: TCPState, left: UInt32, start: UInt64?) -> Flow {
        let tuple = Tuple(source: IPAddress(ipv4: 1), destination: IPAddress(ipv4: 2), transport: .tcp, detail: .ports(source: 1, destination: 2))
        var flow = Flow(original: tuple, reply: tuple)
        flow.state = .tcp(state)
        flow.timeout = left
        flow.start = start
        return flow
    }

    private let place = Place(node: "a", kernel: "", namespace: NetworkNamespace(name: "host", inode: 1), takenAt: 100_000_000_000)
    private let other = Place(node: "b", kernel: "", namespace: NetworkNamespace(name: "host", inode: 1), takenAt: 107_000_000_000)
    private var timers: FlowTimers {
        var facts = NodeFacts()
        facts.sysctls["net.netfilter.nf_conntrack_tcp_timeout_established"] = "432000"
        return FlowTimers(facts)
    }

    @Test func `start times tell it exactly, timers to a second`() {
        var exact = ClockDifference()
        exact.add(
            entry(state: .established, left: 1, start: 50_000_000_000), at: place, timers,
            Twin(place: 1, flow: entry(state: .established, left: 1, start: 48_500_000_000)), at: other, timers)
        #expect(exact.seconds == -1.5)
        // The last packet was 10 s before one reading and 12 s before the other, which its clock puts 7 s later: it is 5 s ahead.
        var byTimers = ClockDifference()
        byTimers.add(
            entry(state: .established, left: 431_990, start: nil), at: place, timers,
            Twin(place: 1, flow: entry(state: .established, left: 431_988, start: nil)), at: other, timers)
        #expect(byTimers.seconds == 5)
        #expect(byTimers.count == 1)
        #expect(!byTimers.isExact)
        // From the other side the same is its opposite, and what is exact goes before what is not.
        byTimers.add(reversed: exact)
        #expect(byTimers.isExact)
        #expect(byTimers.seconds == 1.5)
        #expect(byTimers.count == 1)
    }
}
