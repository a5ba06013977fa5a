import Glibc
import KernelState
import Synchronization

/// A line on a terminal's standard error that the next one replaces, and that goes away again; nothing elsewhere. Any thread may
/// show one.
final class ProgressLine: Sendable {
    private struct State {
        /// Seconds of `Host.uptime` before which nothing more is shown.
        var next: Double
        var isShown = false
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let pause: Double
    private let state: Mutex<State>

    /// - Parameters:
    ///   - delay: seconds before the first line: what takes no longer needs none.
    ///   - pause: seconds from a line to the next; those between are not shown.
    init(after delay: Double = 0, every pause: Double = 0) {
        self.pause = pause
        state = Mutex(State(next: Host.uptime + delay))
    }

    func show(_ text: @autoclosure () -> String) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = Host.uptime
            if now < state.next { return }
            state = State(next: now + pause, isShown: true)
            write("\r\(text())\u{1b}[K")
        }
    }

    /// Takes the line away; no other follows.
    func end() {
        state.withLock { state in
            if state.isShown { write("\r\u{1b}[K") }
            state = State(next: .infinity)
        }
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
