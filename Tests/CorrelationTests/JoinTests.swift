import Correlation
import KernelState
import Testing

func endpoint(_ text: String) -> Endpoint {
    let parts = text.split(separator: ":")
    return Endpoint(address: IPAddress(parts[0])!, port: UInt16(parts[1])!)
}

/// A conntrack entry as `conntrack -L` would order its words: source, destination, and the reply's.
func flow(_ source: String, _ destination: String, _ replySource: String, _ replyDestination: String, id: UInt32 = 1) -> Flow {
    func tuple(_ source: Endpoint, _ destination: Endpoint) -> Tuple {
        Tuple(
            source: source.address, destination: destination.address, transport: .tcp,
            detail: .ports(source: source.port!, destination: destination.port!))
    }
    var flow = Flow(
        original: tuple(endpoint(source), endpoint(destination)), reply: tuple(endpoint(replySource), endpoint(replyDestination)))
    flow.id = id
    flow.state = .tcp(.established)
    flow.status = [.seenReply, .assured, .confirmed]
    flow.timeout = 100
    return flow
}

func row(_ client: String, _ service: String, _ backend: String, state: IPVSState = .established) -> IPVSConnection {
    IPVSConnection(
        transport: .tcp, client: endpoint(client), service: endpoint(service), backend: endpoint(backend), state: state, expires: 60)
}

let services: [VirtualService] = {
    var service = VirtualService(identity: .address(.tcp, endpoint("10.96.0.10:80")), scheduler: "rr")
    service.backends = [Backend(endpoint: endpoint("10.244.0.5:8080"), forwarding: .masquerade, weight: 3)]
    return [service]
}()

/// KERNEL.md's table: what conntrack says of one connection under each arrangement.
@Suite struct ArrangementTests {
    private let index = ServiceIndex(services)

    @Test(arguments: [
        ("masquerading IPVS", flow("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080", "192.168.0.10:40001"), nil as String?),
        ("a masqueraded client", flow("192.168.0.10:45000", "10.96.0.10:80", "10.244.0.5:8080", "10.244.0.1:45000"), "10.244.0.1:45000"),
        ("a masqueraded port", flow("192.168.0.10:45000", "10.96.0.10:80", "10.244.0.5:8080", "10.244.0.1:1024"), "10.244.0.1:1024"),
    ])
    func `translated`(name: String, flow: Flow, translatedClient: String?) {
        let connection = Connection(flow, services: index)
        #expect(connection.client == flow.original.sourceEndpoint)
        #expect(connection.service == endpoint("10.96.0.10:80"))
        #expect(connection.backend == endpoint("10.244.0.5:8080"))
        #expect(connection.translatedClient == translatedClient.map(endpoint))
    }

    @Test func `what translates nothing has no service`() {
        let connection = Connection(flow("10.0.0.1:1000", "10.0.0.2:80", "10.0.0.2:80", "10.0.0.1:1000"), services: index)
        #expect(connection.service == nil)
        #expect(connection.backend == endpoint("10.0.0.2:80"))
        #expect(connection.translatedClient == nil)
    }

    @Test func `direct routing: only IPVS knows the backend`() {
        let flow = flow("192.168.0.10:40005", "10.96.0.10:80", "10.96.0.10:80", "192.168.0.10:40005")
        let connection = Connection(flow, row("192.168.0.10:40005", "10.96.0.10:80", "10.244.0.5:80"), services: index)
        #expect(connection.service == endpoint("10.96.0.10:80"))
        #expect(connection.backend == endpoint("10.244.0.5:80"))
    }

    @Test func `an entry that the backend began is turned round, if IPVS knows the service`() {
        let reversed = flow("10.244.0.5:8080", "192.168.0.10:48000", "192.168.0.10:48000", "10.96.0.10:80")
        let connection = Connection(reversed, services: index)
        #expect(connection.client == endpoint("192.168.0.10:48000"))
        #expect(connection.service == endpoint("10.96.0.10:80"))
        #expect(connection.backend == endpoint("10.244.0.5:8080"))
        #expect(Connection(reversed, services: ServiceIndex()).service == nil)
    }

    @Test func `forwarding and weight come from the service's backend`() {
        let connection = Connection(row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080"), services: index)
        #expect(connection.forwarding == .masquerade)
        #expect(connection.weight == 3)
    }
}

@Suite struct ConnectionJoinTests {
    private let first = flow("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080", "192.168.0.10:40001")
    private let twin = row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080")

    @Test(arguments: [true, false])
    func `twins meet in either order`(flowFirst: Bool) {
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        if flowFirst { join.add(first) { found.append($0) } }
        join.add(twin) { found.append($0) }
        if !flowFirst { join.add(first) { found.append($0) } }
        join.endFlows { found.append($0) }
        join.endRows { found.append($0) }
        #expect(found.count == 1)
        #expect(found.first?.conntrack == first && found.first?.ipvs == twin)
    }

    @Test func `what has no twin stands alone once the other table has ended`() {
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        join.add(first) { found.append($0) }
        join.add(row("192.168.0.11:1", "10.96.0.10:80", "10.244.0.5:8080")) { found.append($0) }
        #expect(found.isEmpty)
        join.endRows { found.append($0) }
        #expect(found.map { $0.conntrack != nil } == [true])
        #expect(join.waitingFlows == 0)
        join.add(flow("1.1.1.1:1", "2.2.2.2:2", "2.2.2.2:2", "1.1.1.1:1")) { found.append($0) }
        #expect(found.count == 2)  // nothing waits for a table that has ended
        join.endFlows { found.append($0) }
        #expect(found.count == 3)
    }

    /// One of zone 5, one of zone 0 and the row, in every order, either table ending first.
    @Test(arguments: ["5 0 row", "0 5 row", "5 row 0", "0 row 5", "row 5 0", "row 0 5"], [true, false])
    func `of entries of several zones that of zone 0 has the row`(order: String, rowsEndFirst: Bool) {
        var zoned = first
        zoned.zone = 5
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        for word in order.split(separator: " ") {
            if word == "row" { join.add(twin) { found.append($0) } } else { join.add(word == "5" ? zoned : first) { found.append($0) } }
        }
        if rowsEndFirst { join.endRows { found.append($0) } }
        join.endFlows { found.append($0) }
        if !rowsEndFirst { join.endRows { found.append($0) } }
        #expect(found.count == 2)
        #expect(found.filter { $0.ipvs != nil }.map(\.zone) == [0])
    }

    @Test(arguments: [true, false]) func `an entry of a zone has the row where no other has a better claim`(flowFirst: Bool) {
        var zoned = first
        zoned.zone = 5
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        if flowFirst { join.add(zoned) { found.append($0) } }
        join.add(twin) { found.append($0) }
        if !flowFirst { join.add(zoned) { found.append($0) } }
        join.endRows { found.append($0) }
        join.endFlows { found.append($0) }
        #expect(found.map { $0.conntrack != nil && $0.ipvs != nil } == [true])
    }

    @Test(arguments: [true, false])
    func `an entry that has ended leaves the row to the one that lives`(endedFirst: Bool) {
        var ended = first
        ended.id = 7
        ended.status.insert(.dying)
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        for flow in endedFirst ? [ended, first] : [first, ended] { join.add(flow) { found.append($0) } }
        join.add(twin) { found.append($0) }
        join.endRows { found.append($0) }
        join.endFlows { found.append($0) }
        #expect(found.count == 2)
        #expect(found.filter { $0.ipvs != nil }.map(\.conntrack) == [first])
    }

    @Test func `a template has no twin`() {
        var join = ConnectionJoin(conntrack: true, ipvs: true)
        var found: [Connection] = []
        join.add(row("192.168.0.10:0", "10.96.0.10:80", "10.244.0.5:8080")) { found.append($0) }
        #expect(found.count == 1)
    }

    /// Hands out its entries a few at a time.
    private final class Portions<Entry>: EntrySource {
        let coverage = TableCoverage(available: true, complete: true)
        private var entries: [Entry]
        private let size: Int
        private let tellsItsLast: Bool
        /// - Parameter tellsItsLast: whether the last portion is told from others, and no empty one follows.
        init(entries: [Entry], size: Int = 3, tellsItsLast: Bool = true) {
            self.entries = entries
            self.size = size
            self.tellsItsLast = tellsItsLast
        }
        func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
            if entries.isEmpty { return false }
            for entry in entries.prefix(size) where wanted(entry) { body(entry) }
            entries.removeFirst(min(size, entries.count))
            return !entries.isEmpty || !tellsItsLast
        }
    }

    /// A table that may not be read.
    private final class Forbidden<Entry>: EntrySource {
        let coverage = TableCoverage(available: true, complete: false)
        func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
            throw KernelStateError(operation: "reading", cause: "forbidden", code: 1)
        }
    }

    @Test func `when one table fails the other is still shown`() {
        let flows = Forbidden<Flow>()
        let rows = Portions(entries: [twin])
        let reader = ConnectionReader(services: ServiceIndex(services), wantsFlow: { _ in true }, wantsRow: { _ in true })
        var found: [Connection] = []
        let errors = reader.read(flows: flows, rows: rows) { found.append($0) }
        #expect(errors.flows?.code == 1)
        #expect(found.map(\.ipvs) == [twin])
    }

    @Test func `a reader joins whatever the order and size of the tables`() {
        let clients = (1...50).map { "192.168.0.10:\($0)" }
        let flows = clients.map { flow($0, "10.96.0.10:80", "10.244.0.5:8080", $0) }.shuffled()
        let rows = clients.dropLast(10).map { row($0, "10.96.0.10:80", "10.244.0.5:8080") }.shuffled()
        let flowSource = Portions(entries: flows)
        let rowSource = Portions(entries: rows)
        let reader = ConnectionReader(services: ServiceIndex(services), wantsFlow: { _ in true }, wantsRow: { _ in true })
        var found: [Connection] = []
        let errors = reader.read(flows: flowSource, rows: rowSource) { found.append($0) }
        #expect(errors.flows == nil && errors.rows == nil)
        #expect(found.count == 50)
        #expect(found.filter { $0.ipvs != nil }.count == 40)
    }

    @Test func `how many entries come at a time does not change the order of connections`() {
        let clients = (1...60).map { "192.168.0.10:\($0)" }
        let flows = clients.dropFirst(20).map { flow($0, "10.96.0.10:80", "10.244.0.5:8080", $0) }.shuffled()
        let rows = clients.dropLast(15).map { row($0, "10.96.0.10:80", "10.244.0.5:8080") }.shuffled()
        let reader = ConnectionReader(services: ServiceIndex(services), wantsFlow: { _ in true }, wantsRow: { _ in true })
        func order(_ flowsAtATime: Int, _ rowsAtATime: Int, tellsItsLast: Bool) -> [Endpoint] {
            var found: [Endpoint] = []
            _ = reader.read(
                flows: Portions(entries: flows, size: flowsAtATime, tellsItsLast: tellsItsLast),
                rows: Portions(entries: rows, size: rowsAtATime, tellsItsLast: !tellsItsLast)
            ) { found.append($0.client) }
            return found
        }
        let expected = order(128, 128, tellsItsLast: true)
        #expect(Set(expected).count == 60)
        for (left, right) in [(1, 1), (1, 128), (128, 1), (7, 3), (3, 40)] {
            #expect(order(left, right, tellsItsLast: true) == expected)
            #expect(order(left, right, tellsItsLast: false) == expected)
        }
    }
}
