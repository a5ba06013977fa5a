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

@Suite struct ConnectionViewTests {
    private let first = flow("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080", "192.168.0.10:40001")

    private final class Log { var changes: [ConnectionChange] = [] }

    private func connections(_ view: ConnectionView, at time: Double) -> [Connection] {
        var connections: [Connection] = []
        view.forEach(at: time) { connections.append($0) }
        return connections
    }

    @Test func `a connection begins, changes and ends once each`() {
        let log = Log()
        var view = ConnectionView(place: 1) { _ in true }
        view.apply(event: first, at: 0) { change, _ in log.changes.append(change) }
        var later = first
        later.timeout = 99
        later.counters = FlowCounters()
        view.apply(event: later, at: 1) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new])  // a timer is no change
        #expect(view.entries == 1 && view.shown() == (1, 0))
        later.state = .tcp(.timeWait)
        view.apply(event: later, at: 2) { change, _ in log.changes.append(change) }
        view.remove(later) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .change, .end])
        #expect(view.isEmpty)
    }

    @Test func `what was shown ends when both tables go, with both of its halves`() {
        var ended: [Connection] = []
        var view = ConnectionView(place: 1) { $0.client.port != 40002 }
        view.apply(event: first, at: 0) { _, _ in }
        view.apply(
            rows: [row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080"), row("192.168.0.10:40002", "10.96.0.10:80", "10.244.0.5:8080")],
            services: ServiceIndex(services), at: 0
        ) { _, _ in }
        view.removeAll { change, connection in if change == .end { ended.append(connection) } }
        #expect(ended.count == 1 && ended.first?.conntrack != nil && ended.first?.ipvs != nil)
        #expect(view.isEmpty && view.entries == 0)
    }

    @Test func `a late word about an entry that was replaced is passed over`() {
        var view = ConnectionView(place: 1) { _ in true }
        view.apply(event: flow("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080", "192.168.0.10:40001", id: 2), at: 0) { _, _ in }
        view.remove(first) { _, _ in Issue.record("another entry's end") }
        #expect(!view.isEmpty)
    }

    @Test func `a reading ends what it does not meet`() {
        let log = Log()
        var view = ConnectionView(place: 1) { _ in true }
        view.beginReading()
        view.apply(dumped: first, at: 0) { _, _ in }
        view.endReading { _, _ in Issue.record("it was met") }
        view.beginReading()
        view.endReading { change, _ in log.changes.append(change) }
        #expect(log.changes == [.end])
    }

    @Test func `IPVS joins and leaves a connection without ending it`() {
        let log = Log()
        var view = ConnectionView(place: 1) { _ in true }
        view.apply(dumped: first, at: 0) { change, _ in log.changes.append(change) }
        view.apply(rows: [row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080")], services: ServiceIndex(services), at: 0) {
            change, connection in
            log.changes.append(change)
            #expect(connection.conntrack != nil && connection.ipvs != nil)
        }
        view.apply(rows: [], services: ServiceIndex(services), at: 1) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .change, .change])
        #expect(connections(view, at: 1).count == 1)
    }

    @Test func `a row stays with its entry's zone for as long as it lives`() {
        let log = Log()
        var view = ConnectionView(place: 1) { _ in true }
        var zoned = first
        zoned.zone = 5
        let rows = [row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080")]
        view.apply(dumped: zoned, at: 0) { change, _ in log.changes.append(change) }
        view.apply(rows: rows, services: ServiceIndex(services), at: 0) { change, _ in log.changes.append(change) }
        view.remove(zoned) { change, _ in log.changes.append(change) }
        view.apply(rows: rows, services: ServiceIndex(services), at: 1) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .change, .change])
        view.apply(rows: [], services: ServiceIndex(services), at: 2) { change, _ in log.changes.append(change) }
        #expect(log.changes.last == .end)
        #expect(view.isEmpty)
    }

    @Test func `a row that an incomplete reading has not stays until its timer has run out`() {
        let log = Log()
        var view = ConnectionView(place: 1) { _ in true }
        let kept = row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080")  // 60 seconds
        let other = row("192.168.0.11:40001", "10.96.0.10:80", "10.244.0.5:8080")
        view.apply(rows: [kept, other], services: ServiceIndex(services), at: 0) { change, _ in log.changes.append(change) }
        view.apply(rows: [other], isComplete: false, services: ServiceIndex(services), at: 20) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .new])
        #expect(Set(connections(view, at: 20).map { $0.ipvs?.expires }) == [40, 60])
        view.apply(rows: [other], isComplete: false, services: ServiceIndex(services), at: 61) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .new, .end])
        view.apply(rows: [], services: ServiceIndex(services), at: 62) { change, _ in log.changes.append(change) }
        #expect(view.isEmpty)
    }

    @Test func `an entry that the backend began is followed under one name as services come and go`() {
        var told: [Endpoint: Int] = [:]
        func count(_ change: ConnectionChange, _ connection: Connection) {
            if change != .change { told[connection.client, default: 0] += change == .new ? 1 : -1 }
        }
        var view = ConnectionView(place: 1) { _ in true }
        let reversed = flow("10.244.0.5:8080", "192.168.0.10:48000", "192.168.0.10:48000", "10.96.0.10:80")
        let (client, backend) = (endpoint("192.168.0.10:48000"), endpoint("10.244.0.5:8080"))
        view.beginReading()
        view.apply(dumped: reversed, at: 0, count)  // the dump may be quicker than the first reading of the services
        #expect(told[backend] == 1)
        view.apply(rows: [], services: ServiceIndex(services), at: 1, count)
        view.apply(event: reversed, at: 2, count)
        view.endReading(count)
        #expect(told == [backend: 0, client: 1])
        #expect(connections(view, at: 2).map(\.client) == [client])
        view.apply(rows: [], services: ServiceIndex(), at: 3, count)
        #expect(told == [backend: 1, client: 0])
        view.remove(reversed, count)
        #expect(told == [backend: 0, client: 0] && view.isEmpty)
    }

    @Test func `a row that came first finds its entry in another zone`() {
        var view = ConnectionView(place: 1) { _ in true }
        let rows = [row("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080")]
        view.apply(rows: rows, services: ServiceIndex(services), at: 0) { _, _ in }
        var zoned = first
        zoned.zone = 5
        view.apply(event: zoned, at: 1) { _, _ in }
        view.apply(rows: rows, services: ServiceIndex(services), at: 2) { _, _ in }
        let connections = connections(view, at: 2)
        #expect(connections.count == 1)
        #expect(connections.first?.conntrack?.zone == 5 && connections.first?.ipvs != nil)
    }

    @Test func `entries older than the watch are asked for, and those that send events once their timer is out`() throws {
        var view = ConnectionView(place: 1) { _ in true }
        view.apply(dumped: first, at: 0) { _, _ in }
        let id = try #require(view.ids.first)
        #expect(view.needsLookup(id, at: 1) != nil)
        view.apply(event: first, at: 1) { _, _ in }
        #expect(view.needsLookup(id, at: 2) == nil)
        #expect(view.needsLookup(id, at: 102) != nil)
    }

    @Test func `what a filter no longer admits leaves the view`() {
        let log = Log()
        var view = ConnectionView(place: 1) { $0.conntrack?.state == .tcp(.established) }
        view.apply(event: first, at: 0) { change, _ in log.changes.append(change) }
        var closed = first
        closed.state = .tcp(.close)
        view.apply(event: closed, at: 1) { change, _ in log.changes.append(change) }
        #expect(log.changes == [.new, .end])
    }

    @Test func `timers run down between tellings`() {
        var view = ConnectionView(place: 1) { _ in true }
        view.apply(event: first, at: 10) { _, _ in }
        #expect(connections(view, at: 40).first?.conntrack?.timeout == 70)
        #expect(connections(view, at: 1_000).first?.conntrack?.timeout == 0)
    }
}
