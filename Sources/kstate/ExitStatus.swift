import Glibc
import KernelState
import Rendering

/// How a command ends when it has said already what went wrong.
struct ExitStatus: Error {
    var code: Int32

    static let unreadable = ExitStatus(code: 1)
    /// `kstate doctor` found a warning or worse.
    static let foundSomething = ExitStatus(code: 3)
}

extension OutputSink {
    /// Writes what is left of a report.
    ///
    /// - Returns: false where nobody reads it any more, who has then seen enough.
    /// - Throws: ``ExitStatus/unreadable`` where it could not be written.
    @discardableResult
    mutating func finish() throws(ExitStatus) -> Bool {
        flush()
        guard let error else { return true }
        guard error.isComplaint else { return false }
        printError("kstate: \(error.text)")
        throw ExitStatus.unreadable
    }
}

/// Writes a line to standard error, at once. A control character, which a name in it may hold, becomes a question mark.
func printError(_ message: String) {
    let line = Array((message.hasSuffix("\n") ? message : message + "\n").utf8)
        .map { ($0 < 0x20 && $0 != UInt8(ascii: "\n")) || $0 == 0x7f ? UInt8(ascii: "?") : $0 }
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// A closed pipe is then an error of write(2), which ends the command quietly, and no signal.
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}

/// Lets the process open as many files as it may: a watch takes three for each namespace, and the usual soft limit of 1,024, which is there
/// for select(2), would be met on a node of some hundred pods.
func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
