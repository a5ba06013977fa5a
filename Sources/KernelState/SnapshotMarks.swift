/// What a snapshot file begins with, as docs/snapshot.md has it: known to who writes and opens one, and to who finds it among other files.
public enum SnapshotMarks {
    /// SQLite's, of every database.
    public static let database = Array("SQLite format 3\0".utf8)
    /// `PRAGMA application_id`: "ksta".
    public static let applicationID: Int32 = 0x6b73_7461
    /// Where SQLite keeps the application's number in the file, in network byte order.
    private static let applicationOffset = 68
    /// As many of a file's first bytes as tell what it is.
    public static let headingLength = applicationOffset + MemoryLayout<Int32>.size
    /// zstd's, of a compressed file.
    public static let compression: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

    /// True for the first ``headingLength`` bytes of a snapshot that is not compressed.
    public static func areOfSnapshot(_ heading: [UInt8]) -> Bool {
        let identifier = withUnsafeBytes(of: applicationID.bigEndian) { Array($0) }
        return heading.starts(with: database) && heading.dropFirst(applicationOffset).starts(with: identifier)
    }
}
