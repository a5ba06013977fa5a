import Correlation
import KernelState
import Testing

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
