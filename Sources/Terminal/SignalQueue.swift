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

    /// Blocks the signals for the process and opens the queue (signalfd(2)).
    public init() throws(KernelStateError) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let descriptor = signalfd(-1, &set, Int32(SFD_NONBLOCK | SFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw KernelStateError(operation: "waiting for signals", cause: "signalfd failed", code: kst_errno())
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

    /// Stops the process as SIGTSTP does by default, and comes back when it is continued.
    public static func stopProcess() { raise(SIGSTOP) }
}
