internal import CLinux
internal import Glibc

/// Why output ended early.
public enum OutputError: Error, Hashable, Sendable {
    /// `EPIPE`: nobody reads any more, which is no reason to complain.
    case closedPipe
    /// A signal has asked the process to end, and nobody took the output.
    case abandoned
    /// Any other errno of write(2), as `ENOSPC` on a full disk.
    case failed(Int32)

    /// False for an end that is no reason to complain.
    public var isComplaint: Bool {
        if case .failed = self { true } else { false }
    }

    /// The cause in words, for standard error.
    public var text: String {
        switch self {
        case .closedPipe: "nobody reads the output any more"
        case .abandoned: "nobody has read the output"
        case .failed(let code): "cannot write the output: \(strerror(code).map { String(cString: $0) } ?? "errno \(code)")"
        }
    }
}

/// Collects output and writes it in large pieces.
///
/// The first error is kept and everything after it discarded, so that the loops which produce output need not stop at every
/// byte to look: they ask ``error`` between portions.
public struct OutputSink: ~Copyable {
    public static let standardCapacity = 65_536

    /// What has not been written yet: renderers append to it.
    public var buffer: [UInt8] = []
    public private(set) var error: OutputError?
    private let descriptor: Int32
    private let patience: OutputPatience?

    /// - Parameters:
    ///   - descriptor: where it is written to.
    ///   - patience: of whoever has blocked the signals that end a process: a write that nobody takes would block them out for ever. Nil
    ///     waits for as long as it takes.
    public init(descriptor: Int32, patience: OutputPatience? = nil) {
        self.descriptor = descriptor
        self.patience = patience
        buffer.reserveCapacity(Self.standardCapacity + 4_096)
    }

    /// Writes when enough has come together.
    @inline(__always)
    public mutating func flushIfFull() {
        if buffer.count >= Self.standardCapacity { flush() }
    }

    /// Writes all of it now.
    public mutating func flush() {
        defer { buffer.removeAll(keepingCapacity: true) }
        guard error == nil else { return }
        buffer.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                var rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                if let patience {
                    guard patience.waitForRoom(in: descriptor) else {
                        error = .abandoned
                        return
                    }
                    rest = Self.piece(of: rest)
                }
                let result = write(descriptor, rest.baseAddress, rest.count)
                if result >= 0 {
                    written += result
                } else {
                    let code = kst_errno()
                    if code == EINTR { continue }
                    if code == EAGAIN {
                        waitUntilWritable()
                        continue
                    }
                    error = code == EPIPE ? .closedPipe : .failed(code)
                    return
                }
            }
        }
    }

    /// A pipe that has room has it for this much: the write does not wait. Whole lines, where they are short enough, so that an output that
    /// is abandoned ends with one.
    private static func piece(of bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard bytes.count > Int(PIPE_BUF) else { return bytes }
        let piece = bytes[..<Int(PIPE_BUF)]
        let end = piece.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.endIndex
        return UnsafeRawBufferPointer(rebasing: bytes[..<end])
    }

    private func waitUntilWritable() {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
    }
}
