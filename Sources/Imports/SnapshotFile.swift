internal import Glibc

/// Knows kstate's own files where texts are looked for.
enum SnapshotFile {
    private static let database = Array("SQLite format 3\0".utf8)
    /// `PRAGMA application_id` in SQLite's heading, as docs/snapshot.md has it.
    private static let application = (offset: 68, bytes: Array("ksta".utf8))
    /// Of a compressed one, which tells what it holds by its name alone.
    private static let compression: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    static func isOne(_ path: String) -> Bool {
        let heading = heading(of: path)
        if heading.starts(with: compression) { return path.hasSuffix(".kstate") }
        return heading.starts(with: database) && heading.dropFirst(application.offset).starts(with: application.bytes)
    }

    /// The first bytes of a regular file; none where they cannot be read.
    private static func heading(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: application.offset + application.bytes.count)
        let count = read(descriptor, &bytes, bytes.count)
        return Array(bytes.prefix(max(0, count)))
    }
}
