import Correlation
import KernelState
import Testing

/// Services that no connection names: those of firewall marks, and those that keep no connections.
@Suite struct MarkedServiceTests {
    private func marked(_ mark: UInt32 = 33, _ backends: String...) -> VirtualService {
        var service = VirtualService(identity: .firewallMark(mark, .ipv4), scheduler: "rr")
        service.backends = backends.map { Backend(endpoint: endpoint($0), forwarding: .masquerade, weight: 1) }
        return service
    }

    /// The client of a connection decides its port, and the backend's port is the service's.
    private func connection(
        _ transport: TransportProtocol, _ client: Int, port: Int, backend: String, state: IPVSState, replied: Bool, left: UInt32
    ) -> Connection {
        var row = row("192.168.0.10:\(client)", "10.96.0.10:\(port)", "\(backend):\(port)", state: state)
        var flow = flow("192.168.0.10:\(client)", "10.96.0.10:\(port)", "\(backend):\(port)", "192.168.0.10:\(client)")
        row.transport = transport
        flow.original.transport = transport
        flow.reply.transport = transport
        flow.state = transport == .tcp ? .tcp(replied ? .established : .synSent) : nil
        flow.status = replied ? [.confirmed, .seenReply] : [.confirmed]
        flow.timeout = left
        return Connection(flow, row, services: ServiceIndex())
    }

    private func states(_ services: [VirtualService], _ connections: [Connection]) -> [ServiceState] {
        var tally = ServiceTally()
        tally.begin(0, services: services, facts: NodeFacts(), takenAt: 0)
        for connection in connections { tally.add(connection) }
        return tally.services()
    }

    private func syn(_ client: Int, _ backend: String = "10.244.0.5") -> Connection {
        connection(.tcp, client, port: 80, backend: backend, state: .synRecv, replied: false, left: 107)
    }

    @Test func `SYNs that a marked service's backend does not answer make it silent`() {
        let state = states([marked(33, "10.244.0.5:0")], (1...6).map { syn($0) })[0].backends[0]
        #expect(state.verdict == .silent)
        #expect(state.evidence == "6 of 6 connections unreplied, oldest 12 s")
    }

    @Test func `a marked service's datagrams are judged by their own protocol and port`() {
        func udp(_ port: Int, _ backend: String = "10.244.0.5", replied: Bool = false) -> Connection {
            connection(.udp, 40_000, port: port, backend: backend, state: IPVSState("UDP"), replied: replied, left: 18)
        }
        let services = [marked(33, "10.244.0.5:0", "10.244.0.6:0")]
        #expect(states(services, [udp(53)])[0].backends[0].verdict == .silent)
        let answer = connection(.tcp, 1, port: 80, backend: "10.244.0.6", state: .established, replied: true, left: 400_000)
        let oneWay = states(services, [udp(514), answer])[0].backends
        #expect(oneWay.map(\.verdict) == [.undecided, .answering])
        #expect(
            oneWay[0].evidence == "1 of 1 connections unreplied, oldest 11 s; one-way traffic looks like this, and no backend of the service "
                + "has replied to anything of its protocol")
        let answered = states(services, [udp(514), udp(515, "10.244.0.6", replied: true)])[0].backends
        #expect(answered.map(\.verdict) == [.silent, .answering])
    }

    @Test func `the connections of a backend that a mark's service lost are not called a lost service's`() {
        let service = states([marked(33, "10.244.0.6:0")], [syn(1)])[1]
        #expect(service.backends[0].verdict == .stale)
        #expect(
            service.backends[0].evidence == "1 connection to a backend that neither a service of this address nor one of a firewall mark has, "
                + "1 unreplied, oldest 12 s")
    }

    @Test func `a backend that several marks share is not stale`() {
        let shared = states([marked(33, "10.244.0.5:0"), marked(34, "10.244.0.5:0")], [syn(1), syn(2)])[2]
        #expect(shared.endpoint == endpoint("10.96.0.10:80"))
        #expect(shared.backends[0].isConfigured == nil)
        #expect(shared.backends[0].verdict == .silent)
    }

    @Test func `one-packet scheduling keeps no connections, so that its backends are not idle`() {
        var service = VirtualService(identity: .address(.udp, endpoint("10.96.0.10:53")), scheduler: "rr")
        service.flags = VirtualService.onePacketFlag
        service.backends = [
            Backend(endpoint: endpoint("10.244.0.5:53"), forwarding: .masquerade, weight: 1),
            Backend(endpoint: endpoint("10.244.0.6:53"), forwarding: .masquerade, weight: 0),
        ]
        let backends = states([service], [])[0].backends
        #expect(backends.map(\.verdict) == [.undecided, .draining])
        #expect(backends[0].evidence == "no connections: one-packet scheduling keeps none, so that no table tells whether it replies")
    }

    @Test func `a template of a mark stands behind the backend of its address, whatever that one's port`() {
        func template(_ backend: String) -> Connection {
            var row = row("192.168.0.10:0", "0.0.0.33:0", "\(backend):0", state: IPVSState("ASSURED"))
            row.transport = .ip
            return Connection(row, services: ServiceIndex())
        }
        let service = states([marked(33, "10.244.0.5:8080")], [template("10.244.0.5"), template("10.244.0.6")])[0]
        #expect(service.backends.map(\.endpoint) == [endpoint("10.244.0.5:8080"), endpoint("10.244.0.6:0")])
        #expect(service.backends.map(\.connections.templates) == [1, 1])
        #expect(service.backends.map(\.verdict) == [.idle, .stale])
    }
}
