internal import Glibc

/// A failed reading of the kernel's state: the thing, the cause, and the remedy, each in words for an operator.
public struct KernelStateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as `reading the conntrack table`.
    public var operation: String
    /// Why it failed, as `Operation not permitted (EPERM)`.
    public var cause: String
    /// What to do about it; empty where nothing can be said.
    public var remedy: String
    /// The errno behind it, or 0.
    public var code: Int32

    public init(operation: String, cause: String, remedy: String = "", code: Int32 = 0) {
        self.operation = operation
        self.cause = cause
        self.remedy = remedy
        self.code = code
    }

    /// True where the process, or the machine, has as many files open as it may.
    public var isShortageOfFiles: Bool { code == EMFILE || code == ENFILE }

    /// The error that a system call on a file left behind.
    ///
    /// - Parameters:
    ///   - operation: what was being done.
    ///   - code: its errno, which gives the cause in the C library's words.
    ///   - remedy: what to do about it; empty where nothing can be said.
    public init(failed operation: String, errno code: Int32, remedy: String = "") {
        self.init(operation: operation, cause: String(cString: strerror(code)), remedy: remedy, code: code)
    }

    public var description: String {
        remedy.isEmpty ? "\(operation): \(cause)" : "\(operation): \(cause); \(remedy)"
    }
}
