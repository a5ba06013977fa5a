import Correlation
import Filters
import KernelState
import Testing

/// A connection of 192.168.0.x to a service, in whichever tables a test gives it a state.
private struct Given {
    var transport = TransportProtocol.tcp
    var service = "10.96.0.10:80"
    var backend = "10.244.0.5:8080"
    var state: TCPState?
    var row: String?
    var replied = true
    var timeout: UInt32?
    var expires: UInt32 = 60
    var bypass = false

    func connection(_ number: Int, in services: [VirtualService]) -> Connection {
        let client = "192.168.0.10:\(20_000 + number)"
        var flow: Flow?
        if state != nil || transport != .tcp && row == nil || bypass {
            let replySource = bypass ? service : backend
            var made = Flow(original: tuple(client, service), reply: tuple(replySource, client))
            made.state = transport == .tcp ? state.map { .tcp($0) } : nil
            made.status = replied ? [.confirmed, .seenReply] : [.confirmed]
            made.timeout = timeout
            flow = made
        }
        let row = row.map {
            IPVSConnection(
                transport: transport, client: endpoint(client), service: endpoint(service), backend: endpoint(backend),
                state: IPVSState($0), expires: expires)
        }
        let index = ServiceIndex(services)
        if let flow, let row { return Connection(flow, row, services: index) }
        if let row { return Connection(row, services: index) }
        return Connection(flow!, services: index)
    }

    private func tuple(_ source: String, _ destination: String) -> Tuple {
        Tuple(
            source: endpoint(source).address, destination: endpoint(destination).address, transport: transport,
            detail: .ports(source: endpoint(source).port!, destination: endpoint(destination).port!))
    }
}

private func virtual(
    _ service: String = "10.96.0.10:80", _ transport: TransportProtocol = .tcp, forwarding: ForwardingMethod = .masquerade,
    weights: [String: UInt32]
) -> VirtualService {
    var made = VirtualService(identity: .address(transport, endpoint(service)), scheduler: "rr")
    made.backends = weights.sorted { $0.key < $1.key }.map { Backend(endpoint: endpoint($0.key), forwarding: forwarding, weight: $0.value) }
    return made
}

private func tally(_ given: [Given], services: [VirtualService] = [], settings: [String: String] = [:]) -> ServiceTally {
    var facts = NodeFacts()
    facts.sysctls = settings
    var tally = ServiceTally()
    tally.begin(0, services: services, facts: facts, takenAt: 1_700_000_100_000_000_000)
    for (number, one) in given.enumerated() { tally.add(one.connection(number, in: services)) }
    return tally
}

private func backend(_ given: [Given], services: [VirtualService] = [], settings: [String: String] = [:]) -> BackendState {
    tally(given, services: services, settings: settings).services()[0].backends[0]
}

private let waiting = Given(state: .synSent, replied: false, timeout: 107)
private let established = Given(state: .established, timeout: 431_990)

@Suite struct VerdictTests {
    @Test func `the story's pod is silent, with the numbers of the issue`() {
        var one = waiting
        one.row = "SYN_RECV"
        let state = backend(Array(repeating: one, count: 4), services: [virtual(weights: ["10.244.0.5:8080": 1])])
        #expect(state.verdict == .silent)
        #expect(state.evidence == "4 of 4 connections unreplied, oldest 12 s")
        #expect(state.connections.ipvs == [StateCount(name: "SYN_RECV", count: 4)])
        #expect(state.connections.conntrack == [StateCount(name: "SYN_SENT", count: 4)])
    }

    @Test func `a busy service answers, whatever has just begun`() {
        let begun = Given(state: .synSent, replied: false, timeout: 119)
        let ended = Given(state: .timeWait, timeout: 60)
        let state = backend(Array(repeating: established, count: 50) + Array(repeating: ended, count: 50) + [begun, begun, begun])
        #expect(state.verdict == .answering)
        #expect(state.evidence == "103 connections, 3 unreplied, oldest 0 s")
    }

    @Test func `clients that reset are answered clients`() {
        #expect(backend([Given(state: .close, timeout: 9), Given(state: .close, timeout: 3)]).verdict == .answering)
    }

    @Test func `an idle connection is an answered one`() {
        let state = backend([Given(state: .established, timeout: 80_000)], settings: ["net.netfilter.nf_conntrack_tcp_timeout_established": "86400"])
        #expect(state.verdict == .answering)
        #expect(state.evidence == "1 connection, all replied")
    }

    @Test func `one lost packet of many connections is no verdict, a hundredth is`() {
        #expect(backend(Array(repeating: established, count: 150) + [waiting]).verdict == .answering)
        let state = backend(Array(repeating: established, count: 90) + [waiting])
        #expect(state.verdict == .partial)
        #expect(state.evidence == "1 of 91 connections unreplied, oldest 12 s")
    }

    @Test func `old connections of which nothing is heard do not hide that no new one is replied to`() {
        let settings = ["net.netfilter.nf_conntrack_tcp_timeout_established": "86400"]
        let old = Given(state: .established, timeout: 86_000)
        let state = backend([old, old, waiting, waiting], settings: settings)
        #expect(state.verdict == .silent)
        #expect(state.evidence == "2 of 4 connections unreplied, oldest 12 s, and nothing heard on the other 2 for 399 s")
        let heard = Given(state: .established, timeout: 86_399)
        #expect(backend([old, heard, waiting, waiting], settings: settings).verdict == .partial)
        #expect(backend([old, old, waiting], settings: settings).verdict == .partial, "one lost packet looks the same")
        #expect(backend([old, old, waiting, waiting]).verdict == .partial, "without the setting nothing is known of the old ones")
    }

    @Test func `a lone connection in its first second is neither silent nor answered`() {
        let state = backend([Given(state: .synSent, replied: false, timeout: 119)])
        #expect(state.verdict == .undecided)
        #expect(state.evidence == "1 connection, unreplied for less than a second")
    }

    @Test func `configured backends without connections`() {
        let state = tally([], services: [virtual(weights: ["10.244.0.5:8080": 1, "10.244.0.6:8080": 0])]).services()[0]
        #expect(state.backends.map(\.verdict) == [.idle, .draining])
        #expect(state.backends.map(\.evidence) == ["no connections", "weight 0, no connections"])
        #expect(state.sources == .ipvs)
    }

    @Test func `what IPVS counts and no table tells of is no reason to call a backend idle`() {
        var service = virtual(weights: ["10.244.0.5:8080": 1])
        service.backends[0].activeConnections = 1
        service.backends[0].inactiveConnections = .max
        let state = tally([], services: [service]).services()[0].backends[0]
        #expect(state.verdict == .undecided)
        #expect(state.evidence == "IPVS counts 1 active and 4294967295 inactive connections, of which no table tells")
    }

    @Test func `a draining backend keeps its connections, as in a rolling restart`() {
        let state = backend([established, established], services: [virtual(weights: ["10.244.0.5:8080": 0])])
        #expect(state.verdict == .draining)
        #expect(state.evidence == "weight 0, 2 connections")
    }

    @Test func `a backend or service that is gone leaves stale connections`() {
        var one = established
        one.row = "ESTABLISHED"
        let other = tally([one], services: [virtual(weights: ["10.244.0.6:8080": 1])]).services()[0]
        #expect(other.backends.map(\.verdict) == [.idle, .stale])
        #expect(other.backends[1].evidence == "1 connection to a backend that the service no longer has")
        let gone = backend([one])
        #expect(gone.verdict == .stale)
        #expect(gone.evidence == "1 connection to a service that IPVS no longer has")
    }
}

@Suite struct ForwardingVerdictTests {
    private func state(_ forwarding: ForwardingMethod, row: String) -> BackendState {
        let services = [virtual(forwarding: forwarding, weights: ["10.244.0.5:80": 1])]
        let one = Given(backend: "10.244.0.5:80", state: .synSent, row: row, replied: false, timeout: 60, expires: 40, bypass: true)
        return backend([one, one], services: services)
    }

    @Test(arguments: [ForwardingMethod.route, .tunnel])
    func `where replies go past the node IPVS decides, not conntrack`(forwarding: ForwardingMethod) {
        #expect(state(forwarding, row: "ESTABLISHED").verdict == .answering)
        #expect(state(forwarding, row: "SYN_RECV").verdict == .silent)
    }

    @Test func `UDP whose replies go past the node is undecided`() {
        let services = [virtual("10.96.0.10:53", .udp, forwarding: .route, weights: ["10.244.0.5:53": 1])]
        let one = Given(transport: .udp, service: "10.96.0.10:53", backend: "10.244.0.5:53", row: "UDP", replied: false, timeout: 3, bypass: true)
        let state = backend([one, one, one], services: services)
        #expect(state.verdict == .undecided)
        #expect(state.connections.unreplied == 0)
        #expect(state.evidence == "3 connections, of which the tables do not tell whether they were replied to; replies do not pass this node")
    }

    @Test func `IPVS alone: half-open connections are unreplied, with the time that their timer tells`() {
        let services = [virtual(weights: ["10.244.0.5:8080": 1])]
        let state = backend([Given(row: "SYN_RECV", expires: 39), Given(row: "SYN_RECV", expires: 55)], services: services)
        #expect(state.verdict == .silent)
        #expect(state.connections.oldestUnreplied == 20)
        #expect(backend([Given(row: "ESTABLISHED")], services: services).verdict == .answering)
    }

    @Test func `an entry to a virtual service that leads to no backend is counted apart`() {
        let services = [virtual("10.96.0.10:53", .udp, weights: [:])]
        let one = Given(transport: .udp, service: "10.96.0.10:53", backend: "10.96.0.10:53", replied: false, timeout: 20)
        let state = tally([one], services: services).services()
        #expect(state.count == 1)
        #expect(state[0].withoutBackend == 1)
        #expect(state[0].sources == [.ipvs, .conntrack])
        #expect(tally([one]).services().isEmpty, "what no table calls a service is none")
    }
}

@Suite struct DatagramVerdictTests {
    private func given(_ port: Int, _ backend: String, replied: Bool, timeout: UInt32 = 18) -> Given {
        Given(transport: .udp, service: "10.96.0.10:\(port)", backend: backend, replied: replied, timeout: timeout)
    }

    @Test func `one-way traffic is not called silent`() {
        let one = given(514, "10.244.0.5:514", replied: false)
        let state = backend([one, one, one])
        #expect(state.verdict == .undecided)
        #expect(
            state.evidence
                == "3 of 3 connections unreplied, oldest 11 s; one-way traffic looks like this, and no backend of the service has replied to anything"
        )
    }

    @Test func `DNS is expected to answer, on whatever port the service is`() {
        #expect(backend([given(53, "10.244.0.5:5353", replied: false)]).verdict == .silent)
        #expect(backend([given(30_053, "10.244.0.5:53", replied: false)]).verdict == .silent)
    }

    @Test func `where one backend replies the other ought to`() {
        let one = given(5000, "10.244.0.5:5000", replied: false)
        let other = given(5000, "10.244.0.6:5000", replied: true)
        let state = tally([one, other]).services()[0]
        #expect(state.backends.map(\.verdict) == [.silent, .answering])
        #expect(state.backends[0].connections.conntrack == [StateCount(name: "UNREPLIED", count: 1)])
        #expect(state.backends[1].connections.conntrack == [StateCount(name: "SEEN_REPLY", count: 1)])
    }
}

@Suite struct ServiceTallyTests {
    @Test func `SCTP, start times and the kernel's settings`() {
        var flow = flow("192.168.0.10:1", "10.96.0.10:80", "10.244.0.5:80", "192.168.0.10:1")
        flow.original.transport = .sctp
        flow.reply.transport = .sctp
        flow.state = .sctp(.cookieWait)
        flow.status = [.confirmed]
        flow.start = 1_700_000_093_000_000_000
        var tally = tally([])
        tally.add(Connection(flow, services: ServiceIndex()))
        let state = tally.services()[0].backends[0]
        #expect(state.verdict == .silent)
        #expect(state.connections.oldestUnreplied == 7)
        #expect(state.connections.conntrack == [StateCount(name: "COOKIE_WAIT", count: 1)])
        let short = Given(state: .synSent, replied: false, timeout: 9)
        #expect(backend([short], settings: ["net.netfilter.nf_conntrack_tcp_timeout_syn_sent": "30"]).connections.oldestUnreplied == 20)
    }

    @Test func `a firewall mark's connections are found by their backend, its templates by the mark`() {
        var marked = VirtualService(identity: .firewallMark(7, .ipv4), scheduler: "rr")
        marked.backends = [Backend(endpoint: endpoint("10.244.0.5:0"), forwarding: .masquerade, weight: 1)]
        var tally = ServiceTally()
        tally.begin(0, services: [marked], facts: NodeFacts(), takenAt: 0)
        let real = row("192.168.0.10:40004", "10.96.0.10:84", "10.244.0.5:84")
        let template = IPVSConnection(
            transport: .ip, client: endpoint("192.168.0.10:0"), service: endpoint("0.0.0.7:0"), backend: endpoint("10.244.0.5:0"),
            state: IPVSState("NONE"), expires: 60)
        for one in [real, template] { tally.add(Connection(one, services: ServiceIndex([marked]))) }
        let state = tally.services()
        #expect(state.count == 1)
        #expect(state[0].backends.count == 1)
        #expect(state[0].backends[0].connections.total == 1)
        #expect(state[0].backends[0].connections.templates == 1)
        #expect(state[0].backends[0].verdict == .answering)
    }

    @Test func `a service of every port has the connections to each`() {
        let services = [virtual("10.96.0.10:0", weights: ["10.244.0.5:0": 1])]
        var tally = ServiceTally()
        tally.begin(0, services: services, facts: NodeFacts(), takenAt: 0)
        for port in [80, 443] {
            tally.add(Connection(row("192.168.0.10:4000", "10.96.0.10:\(port)", "10.244.0.5:\(port)"), services: ServiceIndex(services)))
        }
        #expect(tally.services().map { $0.backends.map(\.connections.total) } == [[2]])
    }

    @Test func `pings of a translated address are one service`() {
        var tally = ServiceTally()
        for id: UInt16 in [1, 2, 3] {
            let detail = TupleDetail.icmp(type: 8, code: 0, id: id)
            let (client, service, pod) = (IPAddress("10.0.0.1")!, IPAddress("10.96.0.10")!, IPAddress("10.244.0.5")!)
            let flow = Flow(
                original: Tuple(source: client, destination: service, transport: .icmp, detail: detail),
                reply: Tuple(source: pod, destination: client, transport: .icmp, detail: detail))
            tally.add(Connection(flow, services: ServiceIndex()))
        }
        #expect(tally.services().map(\.connections) == [3])
    }

    @Test func `beyond the limit connections are counted as left out, and configured backends are kept`() {
        let services = [virtual(weights: ["10.244.0.5:8080": 1])]
        var tally = ServiceTally(limit: 100)
        tally.begin(0, services: services, facts: NodeFacts(), takenAt: 0)
        for number in 0..<1_000 {
            tally.add(Given(service: "10.1.\(number / 250).\(number % 250 + 1):80", state: .established).connection(number, in: services))
        }
        tally.add(established.connection(1, in: services))
        #expect(tally.leftOut == 900)
        #expect(tally.services().count == 101)
        #expect(tally.services()[0].connections == 1)
    }

    @Test func `places and namespaces are not merged`() {
        var tally = ServiceTally()
        for place: PlaceIndex in [0, 1] {
            var one = established.connection(1, in: [])
            one.place = place
            tally.add(one)
        }
        #expect(tally.services().map(\.place) == [0, 1])
    }

    @Test func `a filter on states chooses backends and leaves the verdict on all of their connections`() throws {
        var filter = ConnectionFilter()
        filter.unreplied = true
        var tally = ServiceTally()
        var other = established
        other.backend = "10.244.0.6:8080"
        for (number, given) in (Array(repeating: established, count: 9) + [waiting, other]).enumerated() {
            let connection = given.connection(number, in: [])
            #expect(filter.ofServices.admits(connection))
            tally.add(connection, isSelected: filter.admits(connection))
        }
        let states = tally.services(selectedOnly: filter.selectsByConnections)
        #expect(states.map { $0.backends.map(\.endpoint) } == [[endpoint("10.244.0.5:8080")]])
        #expect(states[0].backends[0].verdict == .partial)
    }

    @Test func `configured services without connections are shown where the filter admits them`() throws {
        let services = [virtual(weights: ["10.244.0.5:8080": 1]), virtual("10.96.0.11:443", weights: ["10.244.0.7:8443": 1])]
        var filter = ConnectionFilter()
        filter.ports = try PortSet(["8443"])
        let shown = tally([], services: services).services { filter.admits($0, backend: $1) }
        #expect(shown.map(\.endpoint) == [endpoint("10.96.0.11:443")])
    }

    @Test func `rates of a watch`() {
        var rates = ServiceRates()
        let one = waiting.connection(1, in: [])
        for change: ConnectionChange in [.new, .new, .change, .end] { rates.note(change, one) }
        rates.note(.end, established.connection(2, in: []))
        rates.note(.end, Given(state: .close, timeout: 9).connection(3, in: []))
        var tally = tally([established])
        rates.move(to: &tally, over: 2)
        #expect(tally.services()[0].backends[0].rates == BackendRates(new: 1, ended: 1.5, failed: 1))
    }
}
