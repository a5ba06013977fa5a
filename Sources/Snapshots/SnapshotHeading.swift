internal import Glibc
internal import KernelState

/// Tells by a file's first bytes what it is.
enum SnapshotHeading {
    /// True for any database.
    static func isDatabase(_ descriptor: Int32) -> Bool { bytes(of: descriptor).starts(with: SnapshotMarks.database) }

    /// True for what a snapshot may take the place of: an empty file, another snapshot, or what zstd has packed, as one can be.
    static func isReplaceable(_ descriptor: Int32) -> Bool {
        let bytes = bytes(of: descriptor)
        return bytes.isEmpty || bytes.starts(with: SnapshotMarks.compression) || SnapshotMarks.areOfSnapshot(bytes)
    }

    /// The version of a snapshot's format (`PRAGMA user_version`, big-endian at 60); nil for what is no snapshot.
    static func formatVersion(_ descriptor: Int32) -> Int32? {
        let bytes = bytes(of: descriptor)
        guard SnapshotMarks.areOfSnapshot(bytes) else { return nil }
        return Int32(bitPattern: bytes[60..<64].reduce(0) { $0 << 8 | UInt32($1) })
    }

    private static func bytes(of descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: SnapshotMarks.headingLength)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}
