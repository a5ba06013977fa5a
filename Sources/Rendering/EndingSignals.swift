internal import CLinux
internal import Glibc

/// The signals that end a process, where they are blocked and only read when there is time.
enum EndingSignals {
    /// How often it is looked for a signal while nobody takes the output, in milliseconds, and how often at the most after one has come.
    private static let pause: Int32 = 100
    private static let patience = 10

    /// Waits until something can be written; false when a signal waits to end the process, and for a second nobody has read.
    static func waitForRoom(in descriptor: Int32) -> Bool {
        var looks = 0
        while looks < patience {
            var output = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            // An error and a closed pipe are told by the write.
            if poll(&output, 1, pause) > 0 { return true }
            if isPending { looks += 1 }
        }
        return false
    }

    private static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains { sigismember(&pending, $0) == 1 }
    }
}
