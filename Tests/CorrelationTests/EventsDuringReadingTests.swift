import Correlation
import KernelState
import Testing

/// The kernel fills a portion of a dump as the one before is received: by the time it is read, events may have told what came later.
@Suite struct EventsDuringReadingTests {
    private let before = flow("192.168.0.10:40001", "10.96.0.10:80", "10.244.0.5:8080", "192.168.0.10:40001")
    private var after: Flow {
        var flow = before
        flow.state = .tcp(.timeWait)
        flow.mark = 7
        return flow
    }

    private func states(_ view: ConnectionView) -> [FlowState?] {
        var states: [FlowState?] = []
        view.forEach(at: 0) { states.append($0.conntrack?.state) }
        return states
    }

    @Test func `what an event has told is not taken back, and completed`() {
        var view = ConnectionView(place: 1) { _ in true }
        var changes: [ConnectionChange] = []
        var dumped = before
        dumped.helper = HelperName("ftp".utf8)
        view.beginReading()
        view.apply(event: after, at: 0) { change, _ in changes.append(change) }
        view.apply(dumped: dumped, at: 0) { change, _ in changes.append(change) }
        #expect(states(view) == [.tcp(.timeWait)] && changes == [.new])
        view.forEach(at: 0) { #expect($0.conntrack?.mark == 7 && $0.conntrack?.helper?.text == "ftp") }
        view.endReading { change, _ in changes.append(change) }
        #expect(changes == [.new])
    }

    @Test func `an entry whose end was told does not come back`() {
        var view = ConnectionView(place: 1) { _ in true }
        view.beginReading()
        view.remove(before) { _, _ in }
        view.apply(dumped: before, at: 0) { _, _ in Issue.record("it has gone") }
        #expect(view.isEmpty)
        var another = before
        another.id = 2
        view.apply(dumped: another, at: 0) { _, _ in }
        #expect(!view.isEmpty)
    }

    @Test func `a portion that was filled after the event is right`() {
        var view = ConnectionView(place: 1) { _ in true }
        view.beginReading()
        view.apply(event: before, at: 0) { _, _ in }
        view.endPortion()
        view.apply(dumped: after, at: 0) { _, _ in }
        #expect(states(view) == [.tcp(.timeWait)])
    }

    @Test func `a single lookup after the reading is right`() {
        var view = ConnectionView(place: 1) { _ in true }
        view.beginReading()
        view.apply(event: before, at: 0) { _, _ in }
        view.endReading(isComplete: false) { _, _ in }
        view.apply(dumped: after, at: 0) { _, _ in }
        #expect(states(view) == [.tcp(.timeWait)])
    }

    @Test func `the same tuple in zones of one direction is as many connections`() {
        var view = ConnectionView(place: 1) { _ in true }
        for zone in [4, 5] as [UInt16] {
            var zoned = before
            zoned.original.zone = zone
            zoned.id = UInt32(zone)
            view.apply(event: zoned, at: 0) { change, connection in #expect(change == .new && connection.zone == zone) }
        }
        #expect(states(view).count == 2)
    }
}
