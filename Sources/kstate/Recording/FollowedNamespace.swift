import Conntrack
import KernelState
import Netlink

/// A namespace between two samples: what its conntrack tells meanwhile.
final class FollowedNamespace {
    /// Taken at a time, so that a batch's memory is bounded.
    private static let eventsAtOnce = 4_096

    private(set) var source: LiveSource
    private var events: ConntrackEvents?

    /// Listens before the first sample, so that nothing falls between them.
    init(_ source: LiveSource) {
        self.source = source
        listen()
    }

    var descriptor: Int32? { events?.descriptor }

    /// Before a sample: `source` is the same namespace, at the time of now. Where nothing could be heard so far, tries again.
    func renew(_ source: LiveSource) {
        self.source = source
        if events == nil { listen() }
    }

    /// Where there is no conntrack to listen to, or no right to, the samples say why.
    private func listen() {
        try? source.handle.inside { () throws(KernelStateError) in
            _ = try TableGauge()  // no socket before it is sure that none loads a module
            events = .some(try ConntrackEvents(ports: []))
        }
    }

    /// Takes what has come, a portion of it. The last is an event of loss, where the kernel has dropped some.
    ///
    /// - Returns: the events, and whether more may be waiting.
    func take() -> (events: [FlowEvent], isMore: Bool) {
        guard var socket = events.take() else { return ([], false) }
        let now = Host.now
        var taken: [FlowEvent] = []
        let received = (try? socket.receive(limit: Self.eventsAtOnce) { taken.append(FlowEvent(at: now, .entry($0, copy $1))) }) ?? 0
        let drops = socket.drops()
        if drops > 0 { taken.append(FlowEvent(at: now, .lost(drops))) }
        events = .some(socket)
        return (taken, received == Self.eventsAtOnce)
    }
}
