internal import Glibc
internal import KernelState

/// One line of a text, without its end.
struct Line {
    /// Counted from 1.
    var number: Int
    /// Valid until the next line is read, and as long as their reader.
    var bytes: UnsafeRawBufferPointer
    /// False for a last line that the file ends in the middle of, as far as anybody can tell.
    var isTerminated: Bool
}

/// Reads a file, packed by gzip or not, line by line through one buffer: a saved table may be larger than the memory.
final class LineReader {
    /// No table has longer lines: of one the beginning is handed out.
    private static let capacity = 262_144

    private let bytes: TextBytes
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private var number = 0
    private var isAtEnd = false
    /// True behind the beginning of a line that does not fit.
    private var isInLongLine = false

    /// - Parameter path: of a regular file.
    init(path: String) throws(KernelStateError) {
        bytes = try TextBytes(path: path)
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Why the text ends before its end; nil where it does not, as far as it has been read.
    var damage: String? { bytes.damage }

    /// What `body` makes of the first line of a file; nil of an empty file.
    static func first<Result>(of path: String, _ body: (UnsafeRawBufferPointer) -> Result) throws(KernelStateError) -> Result? {
        let reader = try LineReader(path: path)
        guard let line = try reader.next() else { return nil }
        return withExtendedLifetime(reader) { body(line.bytes) }
    }

    /// The next line; nil at the end. It is valid as long as the reader is, and no further one is read.
    func next() throws(KernelStateError) -> Line? {
        if isInLongLine { try skipLongLine() }
        var searched = start
        while true {
            if let newline = newline(from: searched) {
                defer { start = newline + 1 }
                return line(to: newline, isTerminated: true)
            }
            searched = end
            if isAtEnd || (start == 0 && end == buffer.count) {
                guard start < end else { return nil }
                defer { start = end }
                isInLongLine = !isAtEnd
                return line(to: end, isTerminated: !isAtEnd)
            }
            searched -= start
            try fill()
        }
    }

    private func skipLongLine() throws(KernelStateError) {
        isInLongLine = false
        while !isAtEnd {
            if let newline = newline(from: start) {
                start = newline + 1
                return
            }
            start = end
            try fill()
        }
    }

    private func newline(from index: Int) -> Int? {
        guard index < end, let base = buffer.baseAddress else { return nil }
        return memchr(base + index, Int32(UInt8(ascii: "\n")), end - index).map { UnsafeMutableRawPointer($0) - base }
    }

    private func line(to end: Int, isTerminated: Bool) -> Line {
        number += 1
        let carriageReturn = end > start && buffer[end - 1] == UInt8(ascii: "\r") ? 1 : 0
        return Line(
            number: number, bytes: UnsafeRawBufferPointer(rebasing: buffer[start..<end - carriageReturn]), isTerminated: isTerminated)
    }

    /// Moves what is left to the front and reads behind it.
    private func fill() throws(KernelStateError) {
        if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            end -= start
            start = 0
        }
        let count = try bytes.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        isAtEnd = count == 0
        end += count
    }
}
