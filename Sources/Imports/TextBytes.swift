internal import Glibc
internal import KernelState

/// The bytes of a text's file, unpacked where gzip has packed them.
final class TextBytes {
    private let file: OpenFile
    private var gzip: GzipStream?
    /// Those at the front that have been looked at already.
    private var front: ArraySlice<UInt8>

    /// - Throws: where the file cannot be read, or is packed in a way that is not unpacked here.
    init(path: String) throws(KernelStateError) {
        file = try OpenFile(path: path)
        front = try Self.start(from: file.read)
        switch Self.format(front) {
        case nil: return
        case .other(let cause, let command)?: throw Self.packed(path, cause, command)
        case .gzip?: try unpack(path)
        }
    }

    private func unpack(_ path: String) throws(KernelStateError) {
        var packed = front
        let file = file
        let gzip = try GzipStream { (room) throws(KernelStateError) in
            packed.isEmpty ? try file.read(into: room) : Self.move(&packed, to: room)
        }
        front = try Self.start(from: gzip.read)
        if case .other(let cause, let command)? = Self.format(front) { throw Self.packed(path, cause, command) }
        self.gzip = gzip
    }

    /// Why there is no more, where that is not the end of the text.
    var damage: String? { gzip?.damage }

    /// Fills a part of `room`, which is not empty, and gives its length; 0 at the end.
    func read(into room: UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int {
        if !front.isEmpty { return Self.move(&front, to: room) }
        if let gzip { return try gzip.read(into: room) }
        return try file.read(into: room)
    }

    // MARK: The front

    /// As many bytes as tell the format, or all of a shorter file.
    private static func start(
        from read: (UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int
    ) throws(KernelStateError) -> ArraySlice<UInt8> {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PackedFormat.length, alignment: 1)
        defer { buffer.deallocate() }
        var filled = 0
        while filled < buffer.count {
            let count = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
        }
        // An editor's mark of UTF-8 is no part of the first line.
        return ArraySlice(buffer[..<filled].dropFirst(buffer[..<filled].starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0))
    }

    private static func format(_ front: ArraySlice<UInt8>) -> PackedFormat? { front.withUnsafeBytes { PackedFormat($0) } }

    private static func move(_ bytes: inout ArraySlice<UInt8>, to room: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(bytes.count, room.count)
        room.copyBytes(from: bytes.prefix(count))
        bytes = bytes.dropFirst(count)
        return count
    }

    private static func packed(_ path: String, _ cause: String, _ command: String) -> KernelStateError {
        let isArchive = [".tar.", ".txz", ".tbz", ".tgz"].contains { path.contains($0) }
        return KernelStateError(
            operation: "reading \(path)", cause: cause, remedy: "give what comes out of this: \(isArchive ? "tar -xf" : command) \(path)")
    }
}

/// A file that is open for reading, and closed at the end.
private final class OpenFile {
    private let operation: String
    private let descriptor: Int32

    init(path: String) throws(KernelStateError) {
        operation = "reading \(path)"
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw KernelStateError(failed: operation, errno: errno) }
    }

    deinit { close(descriptor) }

    func read(into room: UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int {
        while true {
            let count = Glibc.read(descriptor, room.baseAddress, room.count)
            if count >= 0 { return count }
            if errno != EINTR { throw KernelStateError(failed: operation, errno: errno) }
        }
    }
}
