internal import Glibc
internal import KernelState

/// Holds a recording's directory for one recorder at a time, for as long as it lives: a lock on a file with its process id.
final class RecordingLock {
    private let descriptor: Int32

    /// - Throws: the other recorder's process id, where there is one.
    init(folder: String) throws(KernelStateError) {
        let operation = "recording into \(folder)"
        let descriptor = open("\(folder)/recorder.pid", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw KernelStateError(failed: operation, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var bytes = [UInt8](repeating: 0, count: 16)
            let length = max(0, read(descriptor, &bytes, bytes.count))
            close(descriptor)
            let process = String(decoding: bytes[..<length].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw KernelStateError(
                operation: operation, cause: "process \(process) records there already",
                remedy: "end that recorder, or give another directory", code: EWOULDBLOCK)
        }
        let line = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, line, line.count) == line.count else {
            let error = KernelStateError(failed: operation, errno: errno)
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
