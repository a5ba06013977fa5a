/// One attribute: `struct nlattr` and its payload, a view into the receive buffer.
public struct NetlinkAttribute: ~Escapable {
    /// `nla_type` without the flags `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`, which kernels set or leave out as they like.
    public let type: UInt16
    public let payload: RawSpan

    @inlinable @inline(__always)
    @_lifetime(copy payload)
    init(type: UInt16, payload: RawSpan) {
        self.type = type
        self.payload = payload
    }
}

/// Walks a run of attributes. A cursor that failed stays finished.
public struct AttributeCursor: ~Escapable {
    @usableFromInline var blocks: BlockCursor

    /// Set when the walk ended because of what it met, and not because the bytes were used up.
    @inlinable public var failure: DecodeFailure? { blocks.failure }

    @inlinable static var headerSize: Int { 4 }

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) { blocks = BlockCursor(bytes) }

    /// The next attribute, or nil at the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() -> NetlinkAttribute? {
        // Both halves of the header at once: the length in the low one.
        guard let header = blocks.rest.hostEndianUInt32() else {
            blocks.end()
            return nil
        }
        guard let payload = blocks.payload(length: Int(header & 0xffff), headerSize: Self.headerSize) else { return nil }
        return NetlinkAttribute(type: UInt16(truncatingIfNeeded: header >> 16 & 0x3fff), payload: payload)
    }
}
