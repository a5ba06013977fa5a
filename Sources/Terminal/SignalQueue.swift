internal import CLinux
internal import Glibc
public import KernelState

/// What a signal means to a watch.
public enum WatchSignal: Hashable, Sendable {
    /// SIGINT, SIGTERM, SIGHUP or SIGQUIT: end, and leave everything tidy.
    case end
    /// SIGWINCH.
    case resized
    /// SIGTSTP: the user wants the shell for a while.
    case stop
    /// SIGCONT: the process goes on, perhaps after a SIGSTOP that it could not see coming.
    case resumed
}

/// Signals as something to poll(2) for, instead of handlers that interrupt.
public struct SignalQueue: ~Copyable {
    public let descriptor: Int32

    /// Blocks the signals for the process and opens the queue (signalfd(2)). One that the process was started to ignore is left so.
    public init() throws(KernelStateError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] where kst_signal_is_ignored(number) == 0 { sigaddset(&set, number) }
        for number in [SIGWINCH, SIGTSTP, SIGCONT] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw KernelStateError(failed: "waiting for signals", errno: kst_errno())
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The signals that have come, without waiting.
    public func read() -> [WatchSignal] {
        var signals: [WatchSignal] = []
        var info = signalfd_siginfo()
        while Glibc.read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
            switch Int32(bitPattern: info.ssi_signo) {
            case SIGWINCH: signals.append(.resized)
            case SIGTSTP: signals.append(.stop)
            case SIGCONT: signals.append(.resumed)
            default: signals.append(.end)
            }
        }
        return signals
    }

    /// Waits for `time`, or for a signal that ends the process; what else comes is passed over.
    ///
    /// - Parameters:
    ///   - time: in seconds of `Host.uptime`.
    ///   - others: descriptors whose news ends the waiting too; they are not read here.
    /// - Returns: false when the process is to end.
    public func wait(until time: Double, orFor others: [Int32] = []) -> Bool {
        while true {
            let left = time - Host.uptime
            var waiting = (others + [descriptor]).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&waiting, nfds_t(waiting.count), Int32(min(max(0, left * 1_000 + 0.999), 3_600_000)))
            for signal in read() {
                if signal == .end { return false }
                if signal == .stop { Self.stopProcess() }
            }
            if left <= 0 || waiting.dropLast().contains(where: { $0.revents != 0 }) { return true }
        }
    }

    /// Stops the process as SIGTSTP does by default, and comes back when it is continued.
    public static func stopProcess() { raise(SIGSTOP) }
}
