internal import CLinux
internal import Glibc
public import KernelState

/// A namespace that was found, and the path that opens it.
public struct FoundNamespace: Hashable, Sendable {
    public var namespace: NetworkNamespace
    public var path: String

    /// True while the path leads to this namespace, and to no other that has come in its place.
    public var isAtPath: Bool {
        var status = stat()
        return stat(path, &status) == 0 && UInt64(status.st_ino) == namespace.inode
    }
}

/// Finds network namespaces: by name, by path, by process, or every one that something holds.
public enum NamespaceSearch {
    /// The directory where iproute2 keeps named namespaces.
    static let namedDirectory = "/run/netns"

    /// The caller's own namespace, called `host` when process 1 is in it too.
    public static func own() throws(KernelStateError) -> FoundNamespace {
        let path = "/proc/thread-self/ns/net"
        let inode = try NamespaceHandle(path: path).inode
        // Process 1's is not readable without privileges; a process that sees no difference calls its own the host's.
        let first = (try? NamespaceHandle(path: "/proc/1/ns/net"))?.inode ?? inode
        return FoundNamespace(namespace: NetworkNamespace(name: first == inode ? "host" : "self", inode: inode), path: path)
    }

    /// The namespace called `name` by iproute2, or the one at a path when it has a slash.
    public static func named(_ name: String) throws(KernelStateError) -> FoundNamespace {
        let path = name.contains("/") ? name : "\(namedDirectory)/\(name)"
        do {
            let inode = try NamespaceHandle(path: path).inode
            return FoundNamespace(namespace: NetworkNamespace(name: name, inode: inode), path: path)
        } catch  where error.code == ENOENT {
            throw KernelStateError(
                operation: "network namespace \(name)", cause: "there is no \(path)",
                remedy: "`ip netns list` shows the named ones; --pid PID finds a container's", code: ENOENT)
        }
    }

    /// The namespace of a process, as `nsenter -t PID -n` finds it.
    public static func ofProcess(_ process: Int32) throws(KernelStateError) -> FoundNamespace {
        let path = "/proc/\(process)/ns/net"
        do {
            let inode = try NamespaceHandle(path: path).inode
            return FoundNamespace(namespace: NetworkNamespace(name: "pid \(process)", inode: inode), path: path)
        } catch  where error.code == ENOENT || error.code == ESRCH {
            throw KernelStateError(
                operation: "network namespace of process \(process)", cause: "there is no such process, or it has ended",
                remedy: "`crictl inspect` or `ps` shows the process of a container", code: ESRCH)
        } catch  where error.code == EACCES {
            throw KernelStateError(
                operation: "network namespace of process \(process)", errno: EACCES,
                remedy: "run as root or with CAP_SYS_PTRACE and CAP_SYS_ADMIN")
        }
    }

    /// Every namespace that a process or a mount holds, each once, the caller's own first.
    ///
    /// - Throws: `EMFILE` or `ENFILE` where there are not files enough to look at each.
    public static func all() throws(KernelStateError) -> [FoundNamespace] {
        var found = [try own()]
        var seen: Set<UInt64> = [found[0].namespace.inode]
        func add(_ look: () throws(KernelStateError) -> FoundNamespace) throws(KernelStateError) {
            do throws(KernelStateError) {
                let candidate = try look()
                if seen.insert(candidate.namespace.inode).inserted { found.append(candidate) }
            } catch  where !error.isShortageOfFiles {
                // A process may end between the listing and the look: it then holds nothing any more.
            }
        }
        for name in KernelDirectory.entries(of: namedDirectory) { try add { () throws(KernelStateError) in try named(name) } }
        for path in mountedNamespaces() { try add { () throws(KernelStateError) in try named(path) } }
        for process in KernelDirectory.entries(of: "/proc").compactMap({ Int32($0) }).sorted() {
            try add { () throws(KernelStateError) in try ofProcess(process) }
        }
        return found
    }

    /// The mount points of namespaces, as container runtimes keep them.
    private static func mountedNamespaces() -> [String] {
        guard let bytes = try? KernelFile(path: "/proc/thread-self/mountinfo").contents() else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, fields[3].hasPrefix("net:[") else { return nil }
            return fields[4].replacingOctalEscapes()
        }
    }
}

extension Substring {
    /// mountinfo writes a space, tab, newline or backslash in a path as three octal digits after a backslash.
    fileprivate func replacingOctalEscapes() -> String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3, let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
