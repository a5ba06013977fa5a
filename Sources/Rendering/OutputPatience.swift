internal import CLinux
internal import Glibc
internal import KernelState

/// How long output waits for its reader, where the signals that end or stop the process are blocked, and otherwise only read when there is
/// time. One for all that a process writes.
public final class OutputPatience {
    /// How often it is looked for a signal while nobody takes the output, in milliseconds.
    private static let pause: Int32 = 100
    /// Seconds that whoever reads has to take what is left, once the process is to end.
    private static let grace = 1.0

    private let canStop: Bool
    private var endsAt: Double?

    /// - Parameter canStop: whether a SIGTSTP may stop the process while it waits: true where it leaves no terminal behind that it would
    ///   have to give back first.
    public init(canStop: Bool) { self.canStop = canStop }

    /// Waits until something can be written; false when the process is to end, and whoever reads has had the time for it.
    func waitForRoom(in descriptor: Int32) -> Bool {
        while !isOver {
            var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // An error and a closed pipe are told by the write.
            if poll(&output, 1, Self.pause) > 0 { return true }
            if canStop { stopIfAsked() }
        }
        return false
    }

    private var isOver: Bool {
        guard let endsAt else {
            if isToEnd { endsAt = Host.uptime + Self.grace }
            return false
        }
        return Host.uptime >= endsAt
    }

    private var isToEnd: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains { sigismember(&pending, $0) == 1 }
    }

    /// Whoever stops a pipeline stops its reader too, and would wait for ever for the one that waits for it.
    private func stopIfAsked() {
        var request = sigset_t()
        sigemptyset(&request)
        sigaddset(&request, SIGTSTP)
        var atOnce = timespec()
        if sigtimedwait(&request, nil, &atOnce) == SIGTSTP { raise(SIGSTOP) }
    }
}
