/// How a file is packed, by its first bytes.
enum PackedFormat: Equatable {
    case gzip
    /// What is not unpacked here, with the command that does.
    case other(name: String, command: String)

    /// Bytes that tell: the mark of tar is the last of them.
    static let length = 262

    /// - Parameter start: the first ``length`` bytes, or all of a shorter file.
    /// - Returns: nil for what is not packed, as far as anybody knows here.
    init?(_ start: UnsafeRawBufferPointer) {
        if start.starts(with: [0x1f, 0x8b, 0x08]) {
            self = .gzip
        } else if start.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
            self = .other(name: "xz", command: "xz -dk")
        } else if start.starts(with: "BZh".utf8), start.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]) {
            self = .other(name: "bzip2", command: "bzip2 -dk")
        } else if start.count >= Self.length, start[257...].starts(with: "ustar".utf8) {
            self = .other(name: "tar", command: "tar -xf")
        } else {
            return nil
        }
    }
}
