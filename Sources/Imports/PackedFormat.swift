internal import KernelState

/// How a file is packed, by its first bytes.
enum PackedFormat: Equatable {
    case gzip
    /// What is not unpacked here: what it is, and the command that makes a text of it.
    case other(cause: String, command: String)

    /// Bytes that tell: the mark of tar is the last of them.
    static let length = 262

    private static let others: [(mark: [UInt8], cause: String, command: String)] = [
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "it is packed by xz", "xz -dk"),
        (SnapshotMarks.compression, "it is packed by zstd", "zstd -dk"),
        // What Windows' shell makes of a command's output.
        ([0xff, 0xfe], "it is in UTF-16", "iconv -f UTF-16 -t UTF-8 -o utf8.txt"),
        ([0xfe, 0xff], "it is in UTF-16", "iconv -f UTF-16 -t UTF-8 -o utf8.txt"),
    ]

    /// - Parameter start: the first ``length`` bytes, or all of a shorter file.
    /// - Returns: nil for what is not packed, as far as anybody knows here.
    init?(_ start: UnsafeRawBufferPointer) {
        if start.starts(with: [0x1f, 0x8b, 0x08]) {
            self = .gzip
        } else if let other = Self.others.first(where: { start.starts(with: $0.mark) }) {
            self = .other(cause: other.cause, command: other.command)
        } else if start.starts(with: "BZh".utf8), start.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) {
            self = .other(cause: "it is packed by bzip2", command: "bzip2 -dk")
        } else if start.count >= Self.length, start[257...].starts(with: "ustar".utf8) {
            self = .other(cause: "it is packed by tar", command: "tar -xf")
        } else {
            return nil
        }
    }
}
