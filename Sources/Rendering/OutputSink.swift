internal import CLinux
internal import Glibc

/// Why output ended early.
public enum OutputError: Error, Hashable, Sendable {
    /// `EPIPE`: nobody reads any more, which is no reason to complain.
    case closedPipe
    /// Any other errno of write(2), as `ENOSPC` on a full disk.
    case failed(Int32)

    /// The cause in words, for standard error.
    public var text: String {
        switch self {
        case .closedPipe: "nobody reads the output any more"
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

    public init(descriptor: Int32) {
        self.descriptor = descriptor
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
                let result = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
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

    private func waitUntilWritable() {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
    }
}
