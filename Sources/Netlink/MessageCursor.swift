/// Why a walk over received bytes stopped before their end.
public enum DecodeFailure: Error, Hashable, Sendable {
    /// A message or attribute claims more bytes than were received.
    case truncated(offset: Int)
    /// A length smaller than its own header, with which a walk would never advance.
    case lengthTooSmall(offset: Int)
}

/// One netlink message: `struct nlmsghdr` and what follows it, a view into the receive buffer.
public struct NetlinkMessage: ~Escapable {
    /// `nlmsg_type`.
    public let type: UInt16
    /// `nlmsg_flags`.
    public let flags: UInt16
    /// `nlmsg_seq`: the request's number, or 0 in an event.
    public let sequence: UInt32
    /// `nlmsg_pid`: the port of the socket that asked.
    public let port: UInt32
    /// What follows the header, without padding.
    public let payload: RawSpan

    @inlinable @inline(__always)
    @_lifetime(copy payload)
    init(type: UInt16, flags: UInt16, sequence: UInt32, port: UInt32, payload: RawSpan) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.port = port
        self.payload = payload
    }
}

/// Walks the messages of one received datagram. A cursor that failed stays finished.
public struct MessageCursor: ~Escapable {
    @usableFromInline let bytes: RawSpan
    @usableFromInline var offset = 0
    /// Set when the walk ended because of what it met, and not because the bytes were used up.
    public private(set) var failure: DecodeFailure?

    @inlinable static var headerSize: Int { 16 }

    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The next message, or nil at the end.
    @inlinable
    @_lifetime(copy self)
    public mutating func next() -> NetlinkMessage? {
        guard offset < bytes.byteCount else { return nil }
        let start = offset
        guard bytes.byteCount - start >= Self.headerSize,
            let length = bytes.hostEndianUInt32(at: start).map(Int.init),
            let type = bytes.hostEndianUInt16(at: start + 4), let flags = bytes.hostEndianUInt16(at: start + 6),
            let sequence = bytes.hostEndianUInt32(at: start + 8), let port = bytes.hostEndianUInt32(at: start + 12)
        else { return fail(.truncated(offset: start)) }
        guard length >= Self.headerSize else { return fail(.lengthTooSmall(offset: start)) }
        guard length <= bytes.byteCount - start else { return fail(.truncated(offset: start)) }
        // The last message may end without the padding to four bytes.
        offset = min(start + (length + 3) & ~3, bytes.byteCount)
        return NetlinkMessage(
            type: type, flags: flags, sequence: sequence, port: port,
            payload: bytes.extracting(start + Self.headerSize..<start + length))
    }

    @usableFromInline
    @_lifetime(copy self)
    mutating func fail(_ failure: DecodeFailure) -> NetlinkMessage? {
        self.failure = failure
        offset = bytes.byteCount
        return nil
    }
}
