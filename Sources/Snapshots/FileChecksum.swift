internal import Glibc
internal import KernelState

/// Sixteen bytes after the last page of a snapshot, which SQLite does not heed: a mark, and a hash of every byte before it.
///
/// SQLite notices what breaks a page's structure, and not a bit that has flipped in a port or a counter.
enum FileChecksum {
    static let size = 16
    /// "kstasum1"
    private static let mark: UInt64 = 0x316d_7573_6174_736b
    private static let portion = 1 << 18

    enum Outcome {
        case right, wrong
        /// The file ends without one: an earlier kstate or a killed recorder wrote it, or its end is missing.
        case absent
    }

    /// Appends the checksum to what an open file holds.
    static func append(to descriptor: Int32, _ operation: String) throws(KernelStateError) {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw KernelStateError(failed: operation, errno: errno) }
        var trailer = [mark.littleEndian, try hash(descriptor, upTo: Int(end), operation).littleEndian]
        let written = pwrite(descriptor, &trailer, size, end)
        guard written == size else { throw KernelStateError(failed: operation, errno: written < 0 ? errno : ENOSPC) }
    }

    static func check(_ descriptor: Int32, _ operation: String) throws(KernelStateError) -> Outcome {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw KernelStateError(failed: operation, errno: errno) }
        let end = Int(status.st_size) - size
        var trailer: [UInt64] = [0, 0]
        guard end >= 0, pread(descriptor, &trailer, size, off_t(end)) == size, UInt64(littleEndian: trailer[0]) == mark else { return .absent }
        return try hash(descriptor, upTo: end, operation) == UInt64(littleEndian: trailer[1]) ? .right : .wrong
    }

    private static func hash(_ descriptor: Int32, upTo end: Int, _ operation: String) throws(KernelStateError) -> UInt64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: portion, alignment: 16)
        defer { buffer.deallocate() }
        var fingerprint = Fingerprint()
        var position = 0
        while position < end {
            let wanted = min(portion, end - position)
            let count = try fill(buffer, wanted, from: descriptor, at: position, operation)
            guard count == wanted else { throw KernelStateError(operation: operation, cause: "the file became shorter", remedy: "try again") }
            // A last word that is not whole is filled up with zeros; the length tells it from one that has them.
            for index in count..<min(portion, (count + 7) & ~7) { buffer[index] = 0 }
            for offset in stride(from: 0, to: count, by: 8) {
                fingerprint.mix(UInt64(littleEndian: buffer.load(fromByteOffset: offset, as: UInt64.self)))
            }
            position += count
        }
        fingerprint.mix(UInt64(end))
        return fingerprint.value
    }

    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer, _ wanted: Int, from descriptor: Int32, at position: Int, _ operation: String
    ) throws(KernelStateError) -> Int {
        var filled = 0
        while filled < wanted {
            let count = pread(descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, off_t(position + filled))
            if count == 0 { break }
            if count > 0 { filled += count } else if errno != EINTR { throw KernelStateError(failed: operation, errno: errno) }
        }
        return filled
    }
}
