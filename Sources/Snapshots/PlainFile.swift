internal import CLinux
internal import Glibc
internal import KernelState

/// A snapshot as SQLite can open it: the file itself, or what a compressed one holds, in a private file that has no name for longer
/// than it takes to open it.
///
/// Used by one thread until SQLite has opened it, and then only held.
final class PlainFile: @unchecked Sendable {
    /// Where SQLite finds it, until ``forgetName()``.
    private(set) var path: String
    let isCompressed: Bool
    private var descriptor: Int32
    private let operation: String
    private var hasTemporaryName = false

    /// - Parameters:
    ///   - path: of the file.
    ///   - operation: what is being done, for errors.
    init(path: String, _ operation: String) throws(KernelStateError) {
        self.path = path
        self.operation = operation
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KernelStateError(failed: operation, errno: errno) }
        var start = [UInt8](repeating: 0, count: SnapshotMarks.compression.count)
        isCompressed = pread(descriptor, &start, start.count, 0) == start.count && start == SnapshotMarks.compression
        if isCompressed { try decompress() }
    }

    deinit {
        forgetName()
        close(descriptor)
    }

    /// - Throws: an error where the checksum is wrong, or the format a later one, whose checksum may be another.
    func check() throws(KernelStateError) -> FileChecksum.Outcome {
        if let version = SnapshotHeading.formatVersion(descriptor), version > SnapshotSchema.version {
            throw SnapshotDatabase.tooNew(version, operation)
        }
        let outcome = try FileChecksum.check(descriptor, operation)
        if outcome == .wrong {
            throw KernelStateError(
                operation: operation, cause: "the file is damaged, or was changed after it was written (its checksum is wrong)",
                remedy: "copy it again; sqlite3 still reads what is left of it")
        }
        return outcome
    }

    /// Takes a temporary file's name away, once it is open.
    func forgetName() {
        guard hasTemporaryName else { return }
        unlink(path)
        PartialFiles.forget()
        hasTemporaryName = false
    }

    private func decompress() throws(KernelStateError) {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let writing = "decompressing to \(directory)"
        let compressed = descriptor
        defer { close(compressed) }
        (descriptor, hasTemporaryName) = (-1, false)
        // Without a name even a SIGKILL leaves nothing behind. Not every file system can: the others give it a name at once.
        let nameless = kst_open_nameless(directory)
        if nameless < 0 { try makeNamed(in: directory, writing) } else { descriptor = nameless }
        try Compression.decompress(compressed, to: descriptor, reading: operation, writing: writing)
        guard SnapshotHeading.isDatabase(descriptor) else {
            throw KernelStateError(
                operation: operation, cause: "it is packed by zstd, and holds no snapshot",
                remedy: "of a text give what comes out of it: zstd -dk, or tar -xf where it is an archive")
        }
        if nameless >= 0 { try name(in: directory, writing) }
    }

    private func makeNamed(in directory: String, _ writing: String) throws(KernelStateError) {
        var template = Array("\(directory)/kstate-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw KernelStateError(failed: writing, errno: errno, remedy: "name another directory in TMPDIR") }
        remember(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private func name(in directory: String, _ writing: String) throws(KernelStateError) {
        let name = "\(directory)/kstate-\(getpid())-\(String(SystemRandomNumberGenerator.number(), radix: 16))"
        guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else {
            throw KernelStateError(failed: writing, errno: errno, remedy: "name another directory in TMPDIR")
        }
        remember(name)
    }

    private func remember(_ name: String) {
        path = name
        hasTemporaryName = true
        PartialFiles.remember(name)
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static func number() -> UInt64 {
        var source = SystemRandomNumberGenerator()
        return source.next()
    }
}
