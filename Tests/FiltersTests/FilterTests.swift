import Filters
import KernelState
import Testing

@testable import Correlation

private func endpoint(_ address: UInt32, _ port: UInt16) -> Endpoint { Endpoint(address: IPAddress(ipv4: address), port: port) }

@Suite struct FilterWordsTests {
    @Test(arguments: ["0", "65536", "dns", "", "53,,80", "-1", "53,", " 53"])
    func `bad ports are refused`(text: String) {
        #expect(throws: FilterError.self) { try PortSet([text]) }
    }

    @Test func `good ports are kept`() throws {
        let ports = try PortSet(["9153,53,53"])
        #expect(ports.ports == [53, 9153])
        #expect(ports.contains(UInt16(53)) && !ports.contains(UInt16(54)))
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1", 32, nil as UInt16?), ("10.0.0.0/8:53", "10.0.0.0", 8, 53), ("fd00::1", "fd00::1", 128, nil),
        ("fd00::/64", "fd00::", 64, nil), ("[fd00::1]:53", "fd00::1", 128, 53), ("[fd00::/64]:53", "fd00::", 64, 53),
        ("[fd00::]/64:53", "fd00::", 64, 53), ("[fd00::1]", "fd00::1", 128, nil),
        ("::ffff:10.0.0.1", "10.0.0.1", 32, nil), ("[::ffff:10.0.0.0/104]:53", "10.0.0.0", 8, 53), ("::ffff:0:0/90", "::ffff:0:0", 90, nil),
    ])
    func `endpoints in each form`(text: String, address: String, length: Int, port: UInt16?) throws {
        let pattern = try EndpointPattern(text, option: "--client")
        #expect(pattern.network == IPAddress(address))
        #expect(pattern.prefixLength == length)
        #expect(pattern.port == port)
    }

    @Test(arguments: ["", "x", "10.0.0.1/33", "10.0.0.1:0", "10.0.0.1:70000", "fd00::/129", ":", "10.0.0.1/", "[fd00::1]:x"])
    func `endpoints that are none`(text: String) {
        #expect(throws: FilterError.self) { try EndpointPattern(text, option: "--client") }
    }

    @Test func `states, protocols and marks`() throws {
        #expect(try ConnectionFilter.states(["syn_sent,SYN_RECV"]) == ["SYN_SENT", "SYN_RECV"])
        #expect(try ConnectionFilter.states(["unreplied,REPLIED,seen_reply,ASSURED"]).count == 4)
        #expect(throws: FilterError.self) { try ConnectionFilter.states(["OPENISH"]) }
        #expect(try ConnectionFilter.protocols(["tcp,17"]) == [.tcp, .udp])
        #expect(throws: FilterError.self) { try ConnectionFilter.protocols(["tcpp"]) }
        #expect(try ConnectionFilter.mark("0x4000/0xc000") == KernelWalk.Masked(value: 0x4000, mask: 0xc000))
        #expect(throws: FilterError.self) { try ConnectionFilter.mark("3/1") }
    }

    @Test func `contradictions are named`() throws {
        var table = ConnectionFilter()
        table.table = .ipvs
        table.unreplied = true
        var family = ConnectionFilter()
        family.family = .ipv4
        family.clients = [try EndpointPattern("fd00::1", option: "--client")]
        var ports = ConnectionFilter()
        ports.ports = try PortSet(["53"])
        ports.protocols = [.icmp]
        var fixed = ConnectionFilter()
        fixed.ports = try PortSet(["53"])
        fixed.services = [try EndpointPattern(":80", option: "--service")]
        fixed.backends = [try EndpointPattern(":8080", option: "--backend")]
        for filter in [table, family, ports, fixed] {
            #expect(throws: FilterError.self) { try filter.checkForContradictions() }
        }
        try ConnectionFilter().checkForContradictions()
    }
}

@Suite struct ConnectionFilterTests {
    private func connection() -> Connection {
        var connection = Connection(
            transport: .tcp, client: endpoint(0x0a00_0001, 53), service: endpoint(0x0a60_0001, 80), backend: endpoint(0x0af4_0001, 8080))
        var flow = Flow(
            original: Tuple(
                source: IPAddress(ipv4: 0x0a00_0001), destination: IPAddress(ipv4: 0x0a60_0001), transport: .tcp,
                detail: .ports(source: 53, destination: 80)),
            reply: Tuple(
                source: IPAddress(ipv4: 0x0af4_0001), destination: IPAddress(ipv4: 0x0a00_0001), transport: .tcp,
                detail: .ports(source: 8080, destination: 53)))
        flow.state = .tcp(.synSent)
        flow.mark = 0x4001
        connection.conntrack = flow
        return connection
    }

    private func admits(_ change: (inout ConnectionFilter) throws -> Void) rethrows -> Bool {
        var filter = ConnectionFilter()
        try change(&filter)
        return filter.admits(connection())
    }

    @Test func `a port is the service's or the backend's, never the client's`() throws {
        #expect(try admits { $0.ports = try PortSet(["80"]) })
        #expect(try admits { $0.ports = try PortSet(["8080"]) })
        #expect(try !admits { $0.ports = try PortSet(["53"]) })
    }

    @Test func `each criterion`() throws {
        #expect(try admits { $0.clients = [try EndpointPattern("10.0.0.0/24", option: "")] })
        #expect(try !admits { $0.services = [try EndpointPattern("10.96.0.2", option: "")] })
        #expect(try admits { $0.backends = [try EndpointPattern("10.244.0.1:8080", option: "")] })
        #expect(admits { $0.states = ["SYN_SENT"] })
        #expect(!admits { $0.states = ["ESTABLISHED"] })
        #expect(admits { $0.states = ["UNREPLIED"] })
        #expect(!admits { $0.states = ["REPLIED"] } && !admits { $0.states = ["SEEN_REPLY"] } && !admits { $0.states = ["ASSURED"] })
        #expect(admits { $0.unreplied = true })
        #expect(!admits { $0.family = .ipv6 })
        #expect(!admits { $0.protocols = [.udp] })
        #expect(admits { $0.mark = KernelWalk.Masked(value: 0x4000, mask: 0xc000) })
        #expect(!admits { $0.zone = 1 })
    }

    /// Whatever the join makes of an entry, the filter before it must not have refused what the filter after it would admit.
    @Test func `the filter before the join never refuses what the one after it admits`() throws {
        var random = SystemRandomNumberGenerator()
        func port() -> UInt16 { [53, 80, 8080].randomElement(using: &random)! }
        func address() -> IPAddress { IPAddress(ipv4: UInt32.random(in: 1...3, using: &random)) }
        for _ in 0..<20_000 {
            let original = Tuple(source: address(), destination: address(), transport: .tcp, detail: .ports(source: port(), destination: port()))
            let reply = Tuple(source: address(), destination: address(), transport: .tcp, detail: .ports(source: port(), destination: port()))
            var flow = Flow(original: original, reply: reply)
            flow.zone = UInt16.random(in: 0...1, using: &random)
            var filter = ConnectionFilter()
            if Bool.random() { filter.ports = try PortSet(["\(port())"]) }
            if Bool.random() { filter.clients = [try EndpointPattern("\(address())", option: "")] }
            if Bool.random() { filter.zone = 1 }
            if Bool.random() { filter.unreplied = true }
            let services = Bool.random() ? services(of: original, reply) : []
            let index = ServiceIndex(services)
            let related = filter.relatedServices(of: services)
            let connection = Connection(flow, services: index)
            if filter.admits(connection) { #expect(filter.mayAdmit(flow, relatedServices: related)) }
            let row = IPVSConnection(
                transport: .tcp, client: connection.client, service: original.destinationEndpoint,
                backend: services.first?.backends.first?.endpoint ?? reply.sourceEndpoint, state: .established, expires: 1)
            let joined = Connection(flow, row, services: index)
            guard filter.admits(joined), !services.isEmpty else { continue }
            #expect(filter.mayAdmit(flow, relatedServices: related))
            #expect(filter.mayAdmit(row))
        }
    }

    /// Two services that make the entry one that the backend began, or one of a direct-routing backend.
    private func services(of original: Tuple, _ reply: Tuple) -> [VirtualService] {
        let masquerade = Backend(endpoint: original.sourceEndpoint, forwarding: .masquerade, weight: 1)
        let direct = Backend(endpoint: Endpoint(address: IPAddress(ipv4: 3), port: 8080), forwarding: .route, weight: 1)
        return [(reply.destinationEndpoint, masquerade), (original.destinationEndpoint, direct)].map { endpoint, backend in
            var service = VirtualService(identity: .address(.tcp, endpoint), scheduler: "rr")
            service.backends = [backend]
            return service
        }
    }
}

@Suite struct KernelFilterPlanTests {
    private let today = KernelVersion(major: 6, minor: 18)

    private func filter(_ change: (inout ConnectionFilter) throws -> Void) rethrows -> ConnectionFilter {
        var filter = ConnectionFilter()
        try change(&filter)
        return filter
    }

    private func walks(_ filter: ConnectionFilter, _ mode: KernelFilterMode = .always, entries: UInt64 = 1_000_000) -> [KernelWalk]? {
        KernelFilterPlan(filter, kernel: today).walks(mode, of: ConntrackTableSize(entries: entries, buckets: 65_536), joinsIPVS: false)
    }

    @Test func `a service's port of one protocol and family is one walk`() throws {
        let one = try filter {
            $0.services = [try EndpointPattern(":9153", option: "")]
            $0.protocols = [.tcp]
            $0.family = .ipv4
        }
        var expected = KernelWalk(family: .ipv4)
        expected.transport = .tcp
        expected.destinationPort = 9153
        #expect(walks(one) == [expected])
        #expect(walks(one, .auto) == nil)  // it would hold a CPU for a third of a second
        #expect(walks(one, .auto, entries: 20_000) == [expected])
        #expect(walks(one, .never, entries: 20_000) == nil)
        let old = KernelFilterPlan(one, kernel: KernelVersion(major: 4, minor: 19))
        #expect(old.walks(.always, of: ConntrackTableSize(entries: 1, buckets: 1), joinsIPVS: false) == nil)
    }

    @Test func `a bare port is no walk: SCTP has ports too`() throws {
        #expect(walks(try filter { $0.ports = try PortSet(["53"]) }) == nil)
        let both = try filter {
            $0.ports = try PortSet(["53"])
            $0.protocols = [.tcp, .udp]
        }
        #expect(walks(both)?.count == 8)
    }

    @Test func `unreplied is one walk for both families`() {
        let walk = walks(filter { $0.unreplied = true })
        #expect(walk?.count == 1)
        #expect(walk?.first?.family == nil)
        #expect(walk?.first?.status == KernelWalk.Masked(value: 0, mask: 2))
    }

    @Test func `one walk by status stands in for several by tuple, and joins a single one`() throws {
        var many = try filter {
            $0.ports = try PortSet(["53"])
            $0.protocols = [.tcp, .udp]
            $0.unreplied = true
        }
        let unreplied = KernelWalk.Masked(value: 0, mask: FlowStatus.seenReply.rawValue)
        #expect(walks(many)?.map(\.status) == [unreplied])
        #expect(walks(many)?.first?.filtersTuple == false)
        many.ports = nil
        many.services = [try EndpointPattern("10.0.0.1:53", option: "")]
        many.protocols = [.udp]
        let one = try #require(walks(many))
        #expect(one.count == 1)
        #expect(one.first?.status == unreplied && one.first?.destinationPort == 53)
    }

    @Test func `where the kernel cannot help, always says so`() throws {
        let bare = try filter { $0.ports = try PortSet(["53"]) }
        #expect(KernelFilterPlan(bare, kernel: today).noteOnAlways != nil)
        #expect(KernelFilterPlan(filter { $0.unreplied = true }, kernel: today).noteOnAlways == nil)
    }

    @Test func `IPv6 addresses are never filtered by the kernel`() throws {
        let six = try filter {
            $0.services = [try EndpointPattern("[fd00::1]:53", option: "")]
            $0.protocols = [.udp]
        }
        for walk in try #require(walks(six)) { #expect(walk.ipv4Destination == nil && walk.destinationPort == 53) }
        #expect(
            walks(
                try filter {
                    $0.services = [try EndpointPattern("fd00::1", option: "")]; $0.protocols = [.udp]
                }) == nil)
    }

    @Test func `where IPVS joins, the automatic choice makes no walk by tuple`() throws {
        let one = try filter {
            $0.services = [try EndpointPattern(":9153", option: "")]
            $0.protocols = [.tcp]
        }
        let plan = KernelFilterPlan(one, kernel: today)
        #expect(plan.walks(.auto, of: ConntrackTableSize(entries: 10_000, buckets: 1_024), joinsIPVS: true) == nil)
        #expect(plan.walks(.auto, of: ConntrackTableSize(entries: 10_000, buckets: 1_024), joinsIPVS: false)?.count == 2)
        var unreplied = one
        unreplied.unreplied = true
        let byStatus = KernelFilterPlan(unreplied, kernel: today).walks(
            .auto, of: ConntrackTableSize(entries: 10_000, buckets: 1_024), joinsIPVS: true)
        #expect(byStatus?.map(\.filtersTuple) == [false])
    }

    @Test func `where IPVS joins, walks that are demanded meet what the backend began`() throws {
        func tuple(_ source: UInt32, _ sent: UInt16, _ destination: UInt32, _ asked: UInt16) -> Tuple {
            Tuple(
                source: IPAddress(ipv4: source), destination: IPAddress(ipv4: destination), transport: .tcp,
                detail: .ports(source: sent, destination: asked))
        }
        let begun = Flow(original: tuple(0x0af4_0005, 8080, 0xc0a8_000a, 48_000), reply: tuple(0xc0a8_000a, 48_000, 0x0a60_000a, 80))
        func walks(_ change: (inout ConnectionFilter) throws -> Void) throws -> [KernelWalk]? {
            let wanted = try filter {
                $0.protocols = [.tcp]
                try change(&$0)
            }
            return KernelFilterPlan(wanted, kernel: today).walks(.always, of: ConntrackTableSize(entries: 1, buckets: 1), joinsIPVS: true)
        }
        for selection in [
            try walks { $0.services = [try EndpointPattern("10.96.0.10:80", option: "")] },
            try walks { $0.clients = [try EndpointPattern("192.168.0.10", option: "")] }, try walks { $0.ports = try PortSet(["80"]) },
            try walks { $0.ports = try PortSet(["8080"]) },
        ] {
            #expect(selection?.contains { $0.admits(begun) } == true)
        }
        #expect(try walks { $0.backends = [try EndpointPattern("10.244.0.5:8080", option: "")] } == nil)
    }
}

@Suite struct HiddenConnectionsTests {
    private func hides(_ service: ServiceIdentity, _ change: (inout ConnectionFilter) throws -> Void) rethrows -> Bool {
        var filter = ConnectionFilter()
        try change(&filter)
        return filter.hidesConnections(of: service)
    }

    @Test func `a filter on services hides none of a service's connections`() throws {
        let service = ServiceIdentity.address(.tcp, endpoint(0x0a60_000a, 98))
        #expect(!hides(service) { _ in })
        #expect(try !hides(service) { $0.ports = try PortSet(["98"]) })
        #expect(try !hides(service) { $0.services = [try EndpointPattern(":98", option: "--service")] })
        #expect(!hides(service) { $0.protocols = [.tcp] })
        #expect(!hides(service) { $0.family = .ipv4 })
        #expect(try hides(service) { $0.ports = try PortSet(["9153"]) }, "a backend of that port brings the service in")
        #expect(try hides(.firewallMark(33, .ipv4)) { $0.ports = try PortSet(["98"]) })
    }

    @Test func `a filter on anything else may hide some`() throws {
        let service = ServiceIdentity.address(.tcp, endpoint(0x0a60_000a, 98))
        let pattern = try EndpointPattern("1.2.3.4", option: "--client")
        #expect(hides(service) { $0.clients = [pattern] })
        #expect(hides(service) { $0.backends = [pattern] })
        #expect(hides(service) { $0.states = ["ESTABLISHED"] })
        #expect(hides(service) { $0.unreplied = true })
        #expect(hides(service) { $0.zone = 1 })
        #expect(hides(service) { $0.table = .conntrack })
    }
}
