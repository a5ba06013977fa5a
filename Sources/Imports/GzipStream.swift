internal import CZlib
internal import KernelState

/// Unpacks what gzip has packed, portion by portion; of several files behind each other all.
final class GzipStream {
    private static let capacity = 65_536

    private let zlib: ZlibLibrary
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private let refill: (UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int
    private var isBetweenFiles = false
    /// Why there is no more, where that is not the end.
    private(set) var damage: String?

    /// - Parameter refill: puts packed bytes into a buffer, and gives their number; 0 at the end.
    init(refill: @escaping (UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int) throws(KernelStateError) {
        zlib = try ZlibLibrary.opened()
        self.refill = refill
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: Self.capacity, alignment: 16)
        var functions = zlib.functions
        guard kst_inflate_begin(&functions, stream) == Z_OK else {
            throw KernelStateError(operation: "unpacking a text", cause: "zlib has no memory for it")
        }
    }

    deinit {
        _ = zlib.functions.inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills a part of `room`, which is not empty, and gives its length; 0 at the end.
    func read(into room: UnsafeMutableRawBufferPointer) throws(KernelStateError) -> Int {
        stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room.count)
        while damage == nil, stream.pointee.avail_out == UInt32(room.count) {
            if stream.pointee.avail_in == 0 {
                let count = try refill(input)
                if count == 0 {
                    if !isBetweenFiles { damage = "the packed file is cut short" }
                    return 0
                }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(count)
            }
            advance()
        }
        return room.count - Int(stream.pointee.avail_out)
    }

    private func advance() {
        if isBetweenFiles {
            _ = zlib.functions.inflateReset(stream)
            isBetweenFiles = false
        }
        switch zlib.functions.inflate(stream, Z_NO_FLUSH) {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: isBetweenFiles = true
        default: damage = "the packed file is damaged" + (stream.pointee.msg.map { " (\(String(cString: $0)))" } ?? "")
        }
    }
}
