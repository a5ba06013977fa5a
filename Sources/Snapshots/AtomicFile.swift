internal import Glibc
internal import KernelState

/// A file that appears whole under its name, or not at all: written beside it, and renamed once it is on the disk.
///
/// What is half written is called `.NAME.partial`, belongs to one writer at a time, and is taken over by the next when its
/// writer was killed. A symbolic link stays what it is: the file that it points to is written.
final class AtomicFile {
    let path: String
    /// Where to write.
    let partialPath: String
    /// The name that the file gets: `path`, or what it points to.
    private let target: String
    private let directory: String
    private var descriptor: Int32

    /// - Throws: when the directory cannot be written to, somebody else writes the same file, or it is there and no snapshot: who forgets
    ///   to name the file to be written loses none of those to be read.
    init(path: String) throws(KernelStateError) {
        if path == "-" {
            throw KernelStateError(
                operation: "writing -", cause: "a file that appears whole or not at all is none for standard output",
                remedy: "give its name, or ./- for one that is called so")
        }
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw KernelStateError(operation: "writing \(path)", cause: "it is there and no regular file", remedy: "give the name of a file")
        }
        try Self.spare(path)
        target = try Self.target(of: path)
        self.path = path
        let start = target.utf8.lastIndex(of: UInt8(ascii: "/")).map(target.utf8.index(after:)) ?? target.startIndex
        directory = start == target.startIndex ? "." : String(target[..<start])
        partialPath = target[..<start] + ".\(target[start...]).partial"
        descriptor = try Self.openLocked(partialPath, for: path)
        PartialFiles.remember(partialPath)
    }

    /// Follows a symbolic link; any other name is what it says.
    ///
    /// - Throws: for a link to what is not there: who planted it would choose where a file is made.
    private static func target(of path: String) throws(KernelStateError) -> String {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let resolved = realpath(path, nil) else {
            throw KernelStateError(
                operation: "writing \(path)", cause: "it is a symbolic link to a file that is not there",
                remedy: "give the name of the file itself, or remove the link")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func spare(_ path: String) throws(KernelStateError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        // One that is absent is to be made, and of one that cannot be opened nobody can tell.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if SnapshotHeading.isReplaceable(descriptor) { return }
        throw KernelStateError(
            operation: "writing \(path)", cause: "it is there, and no snapshot", remedy: "give another name, or remove it first")
    }

    private static func openLocked(_ partial: String, for path: String) throws(KernelStateError) -> Int32 {
        while true {
            let descriptor = open(partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw KernelStateError(failed: "writing \(path)", errno: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw KernelStateError(
                    operation: "writing \(path)", cause: "another kstate is writing it", remedy: "wait for it, or give another name")
            }
            // Between open and flock the other may have finished and renamed what was opened here: it is then not ours.
            var opened = stat()
            var named = stat()
            if fstat(descriptor, &opened) == 0, stat(partial, &named) == 0, opened.st_ino == named.st_ino, opened.st_dev == named.st_dev {
                guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
                    let code = errno
                    close(descriptor)
                    throw KernelStateError(failed: "writing \(path)", errno: code)
                }
                return descriptor
            }
            close(descriptor)
        }
    }

    /// Appends a checksum of what has been written.
    func seal() throws(KernelStateError) { try FileChecksum.append(to: descriptor, "writing \(path)") }

    /// Puts a compressed file in the place of what has been written.
    func compress() throws(KernelStateError) {
        let whole = descriptor
        descriptor = -1
        defer { close(whole) }
        // The name goes to the compressed file, so that a kill leaves no second one.
        unlink(partialPath)
        descriptor = try Self.openLocked(partialPath, for: path)
        lseek(whole, 0, SEEK_SET)
        try Compression.compress(whole, to: descriptor, "writing \(path)")
    }

    deinit { discard() }

    /// Gives the file its name, once its bytes and then its name are on the disk.
    func commit() throws(KernelStateError) {
        guard descriptor >= 0 else { return }
        guard fsync(descriptor) == 0, rename(partialPath, target) == 0 else {
            let error = KernelStateError(failed: "writing \(path)", errno: errno)
            discard()
            throw error
        }
        PartialFiles.forget()
        close(descriptor)
        descriptor = -1
        let opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if opened >= 0 {
            fsync(opened)
            close(opened)
        }
    }

    /// Leaves what was there before, and nothing else.
    func discard() {
        guard descriptor >= 0 else { return }
        unlink(partialPath)
        PartialFiles.forget()
        close(descriptor)
        descriptor = -1
    }
}
