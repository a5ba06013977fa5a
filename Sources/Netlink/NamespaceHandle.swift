internal import CLinux
internal import Glibc
public import KernelState

/// An open network namespace: the thread may step into it to open sockets and files, which stay there when it steps back.
public struct NamespaceHandle: ~Copyable {
    private let file: KernelFile
    /// The number in `net:[N]`.
    public let inode: UInt64

    /// Opens a namespace by the path of its file: /run/netns/NAME, /proc/PID/ns/net, or a bind mount.
    ///
    /// - Throws: the errno of open(2); `EINVAL` where the file is no namespace's.
    public init(path: String) throws(KernelStateError) {
        let file = try KernelFile(path: path)
        var status = stat()
        guard fstat(file.descriptor, &status) == 0 else {
            throw KernelStateError(operation: "opening \(path)", errno: kst_errno())
        }
        self.file = file
        self.inode = UInt64(status.st_ino)
    }

    /// The namespace that the calling thread is in.
    public static func current() throws(KernelStateError) -> NamespaceHandle {
        try NamespaceHandle(path: "/proc/thread-self/ns/net")
    }

    /// Runs `body` with the calling thread in this namespace, and returns to where it was.
    ///
    /// - Throws: what `body` throws, or `EPERM` of setns(2), which needs CAP_SYS_ADMIN.
    public func inside<Value: ~Copyable>(_ body: () throws(KernelStateError) -> Value) throws(KernelStateError) -> Value {
        let home = try NamespaceHandle.current()
        if home.inode == inode { return try body() }
        try enter()
        // A thread left in a foreign namespace would read the wrong tables from then on.
        defer {
            if kst_enter_network_namespace(home.file.descriptor) != 0 { fatalError("cannot return to the own network namespace") }
        }
        return try body()
    }

    private func enter() throws(KernelStateError) {
        guard kst_enter_network_namespace(file.descriptor) == 0 else {
            let code = kst_errno()
            throw KernelStateError(
                operation: "entering the network namespace \(file.path)", errno: code,
                remedy: code == EPERM ? "run as root or with CAP_SYS_ADMIN" : "")
        }
    }
}
