/// What a snapshot file begins with, as docs/snapshot.md has it: known to who writes and opens one, and to who finds it among other files.
public enum SnapshotMarks {
    /// SQLite's, of every database.
    public static let database = Array("SQLite format 3\0".utf8)
    /// `PRAGMA application_id`: "ksta".
    public static let applicationID: Int32 = 0x6b73_7461
    /// Where SQLite keeps the application's number in the file, in network byte order.
    public static let applicationOffset = 68
    /// zstd's, of a compressed file.
    public static let compression: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]
}
