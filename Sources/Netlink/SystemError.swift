internal import CLinux
internal import Glibc
public import KernelState

/// The text of an errno and its number: `Operation not permitted (errno 1)`.
public func systemErrorText(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "errno \(code)" }
    return "\(String(cString: text)) (errno \(code))"
}

extension KernelStateError {
    /// The error that a failed system call left behind.
    public init(operation: String, errno code: Int32, remedy: String? = nil) {
        let usual = code == EPERM || code == EACCES ? "run as root or with CAP_NET_ADMIN" : ""
        self.init(operation: operation, cause: systemErrorText(code), remedy: remedy ?? usual, code: code)
    }
}

/// Makes a system call, again while a signal interrupts it, and gives its result, or -errno captured at once.
@inline(__always)
func systemCall(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = kst_errno()
        if code != EINTR { return -Int(code) }
    }
}
