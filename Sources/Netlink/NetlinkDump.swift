internal import CLinux
internal import Glibc
public import KernelState

/// What one receive told about an answer of several messages.
public enum AnswerProgress: Hashable, Sendable {
    case more
    case finished
    /// The kernel said `NLM_F_DUMP_INTR`: what it dumped changed under it. Neither ctnetlink nor IPVS ever does.
    case interrupted
}

/// Judges the messages of an answer: which belong to the request, which end it, and which are errors.
struct AnswerReader {
    let sequence: UInt32
    let port: UInt32
    var interrupted = false
    private(set) var finished = false
    /// As the kernel tells it: an errno negated, and 0 where nothing went wrong.
    private(set) var error: Int32 = 0
    /// The errno: wrapping, because what is no errno, and has no opposite, is no reason to trap.
    var code: Int32 { 0 &- error }
    private(set) var failure: DecodeFailure?

    init(sequence: UInt32, port: UInt32) {
        self.sequence = sequence
        self.port = port
    }

    /// Hands each data message of one datagram to `body`.
    @inline(__always)
    mutating func read(_ bytes: RawSpan, _ body: (borrowing NetlinkMessage) -> Void) {
        var messages = MessageCursor(bytes)
        while let message = messages.next() {
            // Others are left over from a request that was given up.
            guard message.sequence == sequence, message.port == port else { continue }
            if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { interrupted = true }
            switch Int32(message.type) {
            case Int32(NLMSG_DONE):
                finished = true
                error = min(0, Int32(bitPattern: message.payload.hostEndianUInt32() ?? 0))
            case Int32(NLMSG_ERROR):
                finished = true
                error = Int32(bitPattern: message.payload.hostEndianUInt32() ?? 0)
            case Int32(NLMSG_NOOP), Int32(NLMSG_OVERRUN):
                continue
            default:
                body(message)
            }
        }
        failure = messages.failure
    }
}

extension NetlinkSocket {
    /// Starts a dump and gives what reads its answer, datagram by datagram.
    public mutating func dump(_ request: borrowing NetlinkRequest, operation: String) throws(KernelStateError) -> NetlinkDump {
        NetlinkDump(reader: AnswerReader(sequence: try send(request), port: port), operation: operation)
    }

    /// Asks for a single object, which ctnetlink answers with one message or an error and no `NLMSG_DONE`.
    ///
    /// - Returns: false when the kernel has no such object (`ENOENT`).
    public mutating func ask(
        _ request: borrowing NetlinkRequest, operation: String, _ body: (borrowing NetlinkMessage) -> Void
    ) throws(KernelStateError) -> Bool {
        var reader = AnswerReader(sequence: try send(request), port: port)
        var answered = false
        while !answered, !reader.finished, reader.failure == nil {
            _ = try receive { bytes in
                reader.read(bytes) { message in
                    answered = true
                    body(message)
                }
            }
        }
        if reader.error == -ENOENT { return false }
        guard reader.error == 0, reader.failure == nil else {
            throw KernelStateError(operation: operation, errno: reader.failure == nil ? reader.code : EBADMSG)
        }
        return answered
    }
}

/// A dump under way on a socket.
public struct NetlinkDump: ~Copyable {
    private var reader: AnswerReader
    private let operation: String

    init(reader: AnswerReader, operation: String) {
        self.reader = reader
        self.operation = operation
    }

    /// Receives one datagram and hands its messages to `body`.
    ///
    /// - Throws: the kernel's error for the dump, or `EBADMSG` where the bytes are no netlink messages.
    @inline(__always)
    public mutating func next(
        on socket: borrowing NetlinkSocket, _ body: (borrowing NetlinkMessage) -> Void
    ) throws(KernelStateError) -> AnswerProgress {
        if reader.finished { return reader.interrupted ? .interrupted : .finished }
        var local = reader
        _ = try socket.receive { bytes in local.read(bytes, body) }
        reader = local
        guard reader.failure == nil else { throw KernelStateError(operation: operation, errno: EBADMSG) }
        guard reader.error == 0 else { throw KernelStateError(operation: operation, errno: reader.code) }
        guard reader.finished else { return .more }
        return reader.interrupted ? .interrupted : .finished
    }
}
