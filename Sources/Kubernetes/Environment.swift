internal import Glibc
import KernelState

/// The process's surroundings, as far as a way to the cluster is told by them: variables, homes and files.
struct Environment: Sendable {
    var variables: [String: String]
    /// Stands before every absolute path: empty for the real file system.
    var root = ""
    /// The home of the user of that name.
    var home: @Sendable (_ user: String) -> String?

    subscript(name: String) -> String? {
        variables[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The variables that matter, and the password database.
    static var ofProcess: Environment {
        var variables: [String: String] = [:]
        for name in ["KUBECONFIG", "HOME", "SUDO_USER", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"] {
            variables[name] = getenv(name).map { String(cString: $0) }
        }
        return Environment(variables: variables) { user in getpwnam(user).map { String(cString: $0.pointee.pw_dir) } }
    }

    func place(_ path: String) -> String { path.hasPrefix("/") ? root + path : path }

    func exists(_ path: String) -> Bool { access(place(path), F_OK) == 0 }

    /// A file's bytes; of a file that is larger than a megabyte, none.
    func bytes(of path: String) throws(KernelStateError) -> [UInt8] {
        let descriptor = open(place(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw failure(path, errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            if bytes.count > 1 << 20 { throw KernelStateError(operation: "reading \(path)", cause: "it is larger than a megabyte") }
        }
    }

    /// A file's text without the white space around it.
    func text(of path: String) throws(KernelStateError) -> String {
        let bytes = try bytes(of: path)
        let isSpace = { (byte: UInt8) in byte <= 0x20 }
        guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    private func failure(_ path: String, _ code: Int32) -> KernelStateError {
        KernelStateError(failed: "reading \(path)", errno: code)
    }
}
