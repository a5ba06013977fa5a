internal import Glibc
internal import KernelState

/// Knows kstate's own files where texts are looked for.
enum SnapshotFile {
    /// True for what is packed as a snapshot can be.
    static func isPacked(_ path: String) -> Bool { heading(of: path).starts(with: SnapshotMarks.compression) }

    static func isOne(_ path: String) -> Bool {
        let heading = heading(of: path)
        // A compressed file tells what it holds by its name alone.
        if heading.starts(with: SnapshotMarks.compression) { return path.hasSuffix(".kstate") }
        return SnapshotMarks.areOfSnapshot(heading)
    }

    /// The first bytes of a regular file; none where they cannot be read.
    private static func heading(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: SnapshotMarks.headingLength)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }
}
