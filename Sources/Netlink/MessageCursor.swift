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
    @usableFromInline var blocks: BlockCursor

    /// Set when the walk ended because of what it met, and not because the bytes were used up.
    @inlinable public var failure: DecodeFailure? { blocks.failure }

    @inlinable static var headerSize: Int { 16 }

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { blocks = BlockCursor(bytes) }

    /// The next message, or nil at the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() -> NetlinkMessage? {
        guard let head = blocks.rest.hostEndianUInt64(), let tail = blocks.rest.hostEndianUInt64(at: 8) else {
            blocks.end()
            return nil
        }
        guard let payload = blocks.payload(length: Int(head & 0xffff_ffff), headerSize: Self.headerSize) else { return nil }
        return NetlinkMessage(
            type: UInt16(truncatingIfNeeded: head >> 32), flags: UInt16(truncatingIfNeeded: head >> 48),
            sequence: UInt32(truncatingIfNeeded: tail), port: UInt32(truncatingIfNeeded: tail >> 32), payload: payload)
    }
}
