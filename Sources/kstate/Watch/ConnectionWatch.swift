import CLinux
import Filters
import Glibc
import KernelState
import Netlink
import Rendering
import Terminal

/// Where a watch's news goes: event lines into a pipe, or the live screen.
protocol WatchOutput {
    mutating func take(_ event: WatchEvent)
    /// Other namespaces are watched now, of which the next event may tell.
    mutating func move(to places: [Place])
    /// Called when nothing more is to be done at the moment. False ends the watch.
    mutating func refresh(_ watched: WatchedNamespaces, at time: Double) -> Bool
    /// When ``refresh(_:at:)`` wants to be called again.
    var dueAt: Double { get }
    /// Why nothing more could be written.
    var error: OutputError? { get }
    /// A key's descriptor, where there are keys.
    var keyboard: Int32? { get }
    mutating func handle(_ signal: WatchSignal)
}

/// `kstate conn --watch`: one thread that waits for events, signals, keys and the clock.
struct ConnectionWatch<Output: WatchOutput> {
    private final class State {
        var output: Output
        init(_ output: Output) { self.output = output }
    }

    private let state: State
    private let watched: WatchedNamespaces

    /// - Parameter found: what `places` ask for, as it is now.
    /// - Throws: why a table cannot be read that was asked for.
    init(_ found: [FoundNamespace], of places: PlaceOptions, _ selection: WatchSelection, output: Output) throws(KernelStateError) {
        let state = State(output)
        watched = try WatchedNamespaces(found, of: places, selection) { state.output.take($0) }
        state.output.move(to: watched.places)
        self.state = state
    }

    /// Runs until a signal, a key or the output's end stops it. A full disk, said already, is a failure; so is it when there is nothing
    /// left to watch.
    func run(_ signals: borrowing SignalQueue) throws {
        var ready: Set<Int32> = []
        while true {
            if watched.look() { state.output.move(to: watched.places) }
            let now = Host.uptime
            // Of many namespaces most are quiet: asking each at every wake would cost more than all that they tell.
            for watch in watched.watches where watch.dueAt <= now || watch.descriptor.map(ready.contains) == true { watch.step() }
            for signal in signals.read() {
                if signal == .end { return }
                state.output.handle(signal)
            }
            guard state.output.refresh(watched, at: Host.uptime) else {
                if let error = state.output.error, error.isComplaint { throw ExitStatus.unreadable }
                return
            }
            if let loss = watched.loss { throw loss }
            guard let heard = wait(signals.descriptor) else { return }
            ready = heard
        }
    }

    /// Waits until there is something to do; nil once nobody reads the output any more, which a quiet watch would not notice by
    /// writing.
    ///
    /// - Returns: the descriptors that have something to tell.
    private func wait(_ signals: Int32) -> Set<Int32>? {
        let due = watched.watches.map(\.dueAt).reduce(min(state.output.dueAt, watched.lookDue), min)
        let milliseconds = due.isFinite ? Int32(min(max(0, (due - Host.uptime) * 1_000 + 0.999), 3_600_000)) : -1
        var waiting = ([signals] + watched.watches.compactMap(\.descriptor) + [state.output.keyboard].compactMap { $0 })
            .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        waiting.append(pollfd(fd: STDOUT_FILENO, events: 0, revents: 0))
        _ = poll(&waiting, nfds_t(waiting.count), milliseconds)
        guard waiting[waiting.count - 1].revents & Int16(POLLERR) == 0 else { return nil }
        return Set(waiting.lazy.filter { $0.revents != 0 }.map(\.fd))
    }
}
