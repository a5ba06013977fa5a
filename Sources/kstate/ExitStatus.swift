import CLinux
import Glibc
import KernelState

/// How a command ends when it has said already what went wrong.
struct ExitStatus: Error {
    var code: Int32

    static let unreadable = ExitStatus(code: 1)
}

/// Writes a line to standard error.
func printError(_ message: String) {
    fputs(message.hasSuffix("\n") ? message : message + "\n", stderr)
}

/// Ends the process without the clean-up of C, whose buffers kstate does not use, but with standard error flushed.
func exitProcess(_ code: Int32) -> Never {
    fflush(stderr)
    exit(code)
}

/// A closed pipe is then an error of write(2), which ends the command quietly, and no signal.
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}
