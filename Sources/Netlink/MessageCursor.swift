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
    /// What has not been walked yet.
    @usableFromInline var rest: RawSpan
    @usableFromInline let byteCount: Int
    /// Set when the walk ended because of what it met, and not because the bytes were used up.
    public private(set) var failure: DecodeFailure?

    @inlinable static var headerSize: Int { 16 }

    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        rest = bytes
        byteCount = bytes.byteCount
    }

    /// The next message, or nil at the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() -> NetlinkMessage? {
        guard let head = rest.hostEndianUInt64(), let tail = rest.hostEndianUInt64(at: 8) else {
            if !rest.isEmpty { fail(.truncated(offset: byteCount - rest.byteCount)) }
            return nil
        }
        let length = Int(head & 0xffff_ffff)
        guard length >= Self.headerSize else {
            fail(.lengthTooSmall(offset: byteCount - rest.byteCount))
            return nil
        }
        guard length <= rest.byteCount else {
            fail(.truncated(offset: byteCount - rest.byteCount))
            return nil
        }
        let payload = unsafe rest.extracting(unchecked: Self.headerSize..<length)  // within what was just compared
        // The last message may end without the padding to four bytes.
        rest = rest.dropping((length + 3) & ~3)
        return NetlinkMessage(
            type: UInt16(truncatingIfNeeded: head >> 32), flags: UInt16(truncatingIfNeeded: head >> 48),
            sequence: UInt32(truncatingIfNeeded: tail), port: UInt32(truncatingIfNeeded: tail >> 32), payload: payload)
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func fail(_ failure: DecodeFailure) {
        self.failure = failure
        rest = rest.dropping(rest.byteCount)
    }
}
