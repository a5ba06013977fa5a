internal import CZstd
internal import Glibc
internal import KernelState

/// Copies one open file to another through zstd, with the format's own checksum of the whole content.
enum Compression {
    /// libzstd's own default: higher ones are many times slower for a tenth less.
    private static let level: Int32 = 3
    private static let portion = 1 << 17

    /// - Parameter operation: what is being done, for errors.
    static func compress(_ input: Int32, to output: Int32, _ operation: String) throws(KernelStateError) {
        let zstd = try ZstdLibrary.opened()
        guard let context = zstd.functions.createCCtx() else { throw KernelStateError(failed: operation, errno: ENOMEM) }
        defer { _ = zstd.functions.freeCCtx(context) }
        for (parameter, value) in [(ZSTD_c_compressionLevel, level), (ZSTD_c_checksumFlag, 1)] {
            if let problem = zstd.problem(zstd.functions.CCtx_setParameter(context, parameter, value)) {
                throw KernelStateError(operation: operation, cause: problem)
            }
        }
        let buffers = Buffers(size: portion)
        var isLast = false
        while !isLast {
            let count = try read(input, buffers.input, operation)
            isLast = count == 0
            var source = ZSTD_inBuffer(src: buffers.input.baseAddress, size: count, pos: 0)
            var left = 1
            repeat {
                var target = ZSTD_outBuffer(dst: buffers.output.baseAddress, size: portion, pos: 0)
                left = zstd.functions.compressStream2(context, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_continue)
                if let problem = zstd.problem(left) { throw KernelStateError(operation: operation, cause: problem) }
                try write(
                    UnsafeRawBufferPointer(rebasing: buffers.output[..<target.pos]), to: output, operation,
                    onFull: "make room, or save to another disk")
            } while isLast ? left > 0 : source.pos < source.size
        }
    }

    /// - Parameters:
    ///   - reading: what is being done, for errors of the input.
    ///   - writing: the same for errors of the output.
    static func decompress(_ input: Int32, to output: Int32, reading: String, writing: String) throws(KernelStateError) {
        let zstd = try ZstdLibrary.opened()
        guard let context = zstd.functions.createDCtx() else { throw KernelStateError(failed: reading, errno: ENOMEM) }
        defer { _ = zstd.functions.freeDCtx(context) }
        let buffers = Buffers(size: portion)
        // Bytes that the frame still wants; 0 at its end.
        var wanted = 1
        while true {
            let count = try read(input, buffers.input, reading)
            if count == 0 { break }
            var source = ZSTD_inBuffer(src: buffers.input.baseAddress, size: count, pos: 0)
            var isFull = true
            while source.pos < source.size || isFull {
                if wanted == 0, source.pos == source.size { break }
                var target = ZSTD_outBuffer(dst: buffers.output.baseAddress, size: portion, pos: 0)
                wanted = zstd.functions.decompressStream(context, &target, &source)
                if let problem = zstd.problem(wanted) {
                    throw KernelStateError(operation: reading, cause: "the compressed file is damaged (\(problem))", remedy: "copy it again")
                }
                isFull = target.pos == target.size
                try write(
                    UnsafeRawBufferPointer(rebasing: buffers.output[..<target.pos]), to: output, writing,
                    onFull: "make room there, or name another directory in TMPDIR")
            }
        }
        guard wanted == 0 else { throw KernelStateError(operation: reading, cause: "the compressed file is cut short", remedy: "copy it again") }
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, _ operation: String) throws(KernelStateError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno != EINTR { throw KernelStateError(failed: operation, errno: errno) }
        }
    }

    /// - Parameter remedy: for a disk that is full.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ operation: String, onFull remedy: String
    ) throws(KernelStateError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw KernelStateError(failed: operation, errno: errno, remedy: [ENOSPC, EDQUOT].contains(errno) ? remedy : "")
            }
        }
    }
}

/// What is read, and what is written.
private final class Buffers {
    let input: UnsafeMutableRawBufferPointer
    let output: UnsafeMutableRawBufferPointer

    init(size: Int) {
        input = .allocate(byteCount: size, alignment: 16)
        output = .allocate(byteCount: size, alignment: 16)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }
}
