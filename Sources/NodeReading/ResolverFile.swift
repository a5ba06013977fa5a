internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// Finds and reads the resolv.conf that a namespace's processes see.
struct ResolverFile {
    /// More than any resolver looks at: a container may have put anything there.
    static let maximumSize = 65_536

    /// The directory that is the root for those processes, and the path below it.
    let root: String
    let path: String

    /// - Parameter namespacePath: how the namespace was opened: /proc/PID/ns/net, /run/netns/NAME, or the caller's own.
    init(namespacePath: String) {
        let parts = namespacePath.split(separator: "/")
        if parts.count == 4, parts[0] == "proc", Int32(parts[1]) != nil {
            self.init(root: "/proc/\(parts[1])/root", path: "etc/resolv.conf")
        } else if namespacePath.hasPrefix("/run/netns/") || namespacePath.hasPrefix("/var/run/netns/"), let name = parts.last,
            access("/etc/netns/\(name)/resolv.conf", F_OK) == 0
        {
            // What `ip netns exec` puts in the place of /etc/resolv.conf.
            self.init(root: "/", path: "etc/netns/\(name)/resolv.conf")
        } else {
            self.init(root: "/", path: "etc/resolv.conf")
        }
    }

    private init(root: String, path: String) {
        self.root = root
        self.path = path
    }

    /// The file's text; invalid UTF-8 is replaced.
    ///
    /// - Throws: errno: `ENOENT` where there is none, `EACCES` without the right to look into the process.
    func contents() throws(KernelStateError) -> String {
        let directory = try KernelFile(path: root)
        let descriptor = root == "/" ? kst_open_read_only("/\(path)") : kst_open_inside(directory.descriptor, path)
        guard descriptor >= 0 else { throw failure(kst_errno()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw failure(EINVAL) }
        var bytes = [UInt8](repeating: 0, count: Self.maximumSize)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw failure(kst_errno()) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private func failure(_ code: Int32) -> KernelStateError {
        KernelStateError(
            operation: "reading \(root == "/" ? "" : root)/\(path)", errno: code,
            remedy: code == EACCES ? "run as root or with CAP_SYS_PTRACE" : "")
    }
}
