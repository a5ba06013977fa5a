import KernelState
import Testing

@testable import Diagnosis

/// What the rules say of IPVS: of services that a filter leaves out, of firewall marks, and which commands help there.
@Suite struct IPVSRuleTests {
    private let service = Lab.end("10.96.0.10", 80)
    private let backend = Lab.end("10.244.0.1", 8080)
    private let other = Lab.end("10.244.0.2", 8080)

    private func both(_ client: UInt16, service: Endpoint? = nil, backend: Endpoint, replied: Bool = false) -> Connection {
        let ends = (Lab.end("10.244.1.1", client), service ?? self.service, backend)
        var connection = Lab.flow(
            .tcp, client: ends.0, service: ends.1, backend: ends.2, state: replied ? .established : .synSent, replied: replied,
            timeout: replied ? 431_990 : 107)
        connection.ipvs = Lab.row(client: ends.0, service: ends.1, backend: ends.2, state: replied ? "ESTABLISHED" : "SYN_RECV", expires: 48).ipvs
        return connection
    }

    // MARK: no-backends within a filter

    private func empty(_ services: [VirtualService], _ connections: [Connection], _ scope: Scope = .whole) -> Finding? {
        var examination = Examination(Lab.place(), at: 0, scope: scope, rules: [NoBackends()])
        examination.begin(Lab.sample(at: 0, services: services))
        for connection in connections { examination.see(connection) }
        examination.end(conntrack: nil, ipvs: nil)
        return examination.diagnosis().findings.first
    }

    private func scope(hides: Bool = true, admits: @escaping @Sendable (ServiceIdentity, Endpoint?) -> Bool = { _, _ in true }) -> Scope {
        Scope(isFiltered: true, admits: admits, hidesConnections: { _ in hides })
    }

    @Test func anEmptyServiceThatAFilterLeavesOutIsNotReported() throws {
        let drained = [Lab.virtual(.tcp, service, [(backend, 0)])]
        let backend = backend
        #expect(empty(drained, [], scope { _, _ in false }) == nil)
        #expect(empty(drained, [], scope { $1 == backend }) != nil)
        #expect(empty(drained, []) != nil)
    }

    @Test func connectionsThatAFilterMayHideAreNotDenied() throws {
        let services = [Lab.virtual(.tcp, service, [])]
        let connection = both(1, backend: backend)
        #expect(empty(services, [])?.evidence.last == "no connection to it in the tables")
        #expect(empty(services, [], scope(hides: false))?.evidence.last == "no connection to it in the tables")
        #expect(empty(services, [], scope())?.evidence.last == "no connection to it within the filter")
        let used = try #require(empty(services, [connection], scope()))
        #expect(used.severity == .critical)
        #expect(used.evidence.last == "1 connection to it within the filter: clients use it")
    }

    @Test func nothingIsSaidOfConnectionsThatDoNotNameTheirService() throws {
        let marked = VirtualService(identity: .firewallMark(33, .ipv4), scheduler: "rr")
        for services in [[marked], [Lab.virtual(.tcp, Lab.end("10.96.0.10", 0), [])]] {
            let finding = try #require(empty(services, [both(1, backend: backend)]))
            #expect(finding.evidence == ["the service has no backend"])
            #expect(finding.measures == [Measure("backends", 0)])
        }
    }

    // MARK: silent-backend

    private func silent(
        _ service: VirtualService, _ connections: [Connection], settings: [String: String] = [:]
    ) throws -> Finding {
        let sample = Lab.sample(at: 0, services: [service]) { $0.sysctls = settings }
        return try #require(Lab.ask(SilentBackend(), [(sample, connections)]).findings.first)
    }

    @Test func aMarkedServicesSilentBackendIsFoundWithItsConnections() throws {
        var marked = VirtualService(identity: .firewallMark(33, .ipv4), scheduler: "rr")
        let silentOne = Lab.end("10.244.0.1", 0)
        marked.backends = [silentOne, Lab.end("10.244.0.2", 0)].map { Backend(endpoint: $0, forwarding: .masquerade, weight: 1) }
        let waiting = (1...6 as ClosedRange<UInt16>).map { both($0, backend: backend) }
        let finding = try silent(marked, waiting + [both(9, backend: other, replied: true)])
        #expect(finding.title == "10.244.0.1:0 does not answer for firewall mark 33")
        #expect(finding.severity == .warning)
        #expect(finding.connections.count == Finding.connectionLimit)
        #expect(
            finding.commands == [
                "ip route get 10.244.0.1", "kstate conn --backend 10.244.0.1 --watch", "ipvsadm -e -f 33 -r 10.244.0.1:0 -m -w 0",
                "sysctl -w net.ipv4.vs.expire_nodest_conn=1",
            ])
    }

    @Test func aPortThatIsNoneIsLeftOut() {
        let sample = Lab.sample(at: 0) {
            var route = Route(destination: AddressPrefix(Lab.address("10.244.0.0"), length: 24), table: 254, type: 1)
            route.interface = 2
            $0.interfaces = [NetworkInterface(index: 2, name: "eth0")]
            $0.routes = [route]
        }
        let subject = Case(place: Lab.place(), samples: [sample], services: [])
        #expect(NextCommands.capture(Lab.end("10.244.0.1", 0), in: subject) == ["tcpdump -ni eth0 'host 10.244.0.1'"])
        #expect(NextCommands.conn(to: Lab.end("fd00::1", 0), in: subject) == "kstate conn --backend fd00::1")
        #expect(NextCommands.conn(to: Lab.end("fd00::1", 80), in: subject) == "kstate conn --backend [fd00::1]:80")
    }

    @Test func aBackendOfIPVSIsQuiescedAsItIsConfigured() throws {
        var virtual = Lab.virtual(.tcp, service, [(backend, 1), (other, 1)])
        virtual.flags = VirtualService.persistentFlag
        virtual.backends[0].upperThreshold = 100
        virtual.backends[0].lowerThreshold = 50
        let connections = [both(1, backend: backend), both(2, backend: backend), both(3, backend: other, replied: true)]
        let finding = try silent(virtual, connections, settings: ["net.ipv4.vs.expire_nodest_conn": "1"])
        #expect(
            Array(finding.commands.dropFirst(2)) == [
                "ipvsadm -e -t 10.96.0.10:80 -r 10.244.0.1:8080 -m -w 0 -x 100 -y 50", "sysctl -w net.ipv4.vs.expire_quiescent_template=1",
            ])
        virtual.backends[0].forwarding = .tunnel
        #expect(try silent(virtual, connections).commands.count == 2)
    }

    @Test func theLastBackendIsNotQuiesced() throws {
        let finding = try silent(Lab.virtual(.tcp, service, [(backend, 1)]), [both(1, backend: backend), both(2, backend: backend)])
        #expect(finding.severity == .critical)
        #expect(finding.commands == ["ip route get 10.244.0.1", "kstate conn --backend 10.244.0.1:8080 --watch"])
    }

    // MARK: What IPVS keeps is not let go by deleting conntrack's entry

    @Test func anEntryIsDeletedWhereConntrackAloneHasIt() {
        let sample = Lab.sample(at: 0, services: [Lab.virtual(.tcp, service, [(other, 1)])])
        let joined = both(1, backend: backend)
        var alone = joined
        alone.ipvs = nil
        let delete = "conntrack -D -p tcp --orig-src 10.244.1.1 --orig-dst 10.96.0.10 --sport 1 --dport 80"
        let expire = "sysctl -w net.ipv4.vs.expire_nodest_conn=1"
        let unread = Case(place: Lab.place(), samples: [sample], services: [])
        #expect(NextCommands.release([joined], in: unread) == [expire])
        #expect(NextCommands.release([alone], in: unread) == [expire], "IPVS' table was not read, and it has the service")
        var read = sample
        read.ipvs = TableCoverage(available: true, complete: true)
        let subject = Case(place: Lab.place(), samples: [read], services: [])
        #expect(NextCommands.release([alone, joined], in: subject) == [expire, delete])
        #expect(NextCommands.delete([joined], in: subject).isEmpty)
    }

    // MARK: udp-without-dnat

    @Test(arguments: [(0, 1), (VirtualService.onePacketFlag, 0)] as [(UInt32, Int)])
    func entriesOfOnePacketSchedulingAreNotUntranslated(flags: UInt32, findings: Int) {
        let resolver = Lab.end("10.96.0.10", 53)
        var virtual = Lab.virtual(.udp, resolver, [(Lab.end("10.244.0.1", 53), 1)])
        virtual.flags = flags
        let entry = Lab.flow(.udp, client: Lab.end("10.244.1.1", 1), service: resolver, backend: resolver, timeout: 29)
        let readings = [0, 3].map { (Lab.sample(at: $0, services: [virtual]), [entry]) }
        #expect(Lab.ask(UDPWithoutDNAT(), readings).findings.count == findings)
    }
}
