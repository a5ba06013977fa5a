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

    /// Takes what has come, a portion of it. The last is an event of loss, where the kernel has dropped some, or where nothing more
    /// can be heard: then the socket is given up, and the next sample opens another.
    ///
    /// - Returns: the events, whether more may be waiting, and why nothing more can be heard.
    func take() -> (events: [FlowEvent], isMore: Bool, failure: KernelStateError?) {
        guard var socket = events.take() else { return ([], false, nil) }
        let now = Host.now
        var taken: [FlowEvent] = []
        var failure: KernelStateError?
        var isMore = false
        do throws(KernelStateError) {
            let received = try socket.receive(limit: Self.eventsAtOnce) { taken.append(FlowEvent(at: now, .entry($0, copy $1))) }
            isMore = received == Self.eventsAtOnce
        } catch {
            failure = error
        }
        // How many come while nobody listens nobody knows: one at the least is what makes the file say that some are missing.
        let lost = max(socket.drops(), failure == nil ? 0 : 1)
        if lost > 0 { taken.append(FlowEvent(at: now, .lost(lost))) }
        if failure == nil { events = .some(socket) }
        return (taken, isMore, failure)
    }
}
