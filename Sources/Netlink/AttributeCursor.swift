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
    /// What has not been walked yet.
    @usableFromInline var rest: RawSpan
    @usableFromInline let byteCount: Int
    public private(set) var failure: DecodeFailure?

    @inlinable static var headerSize: Int { 4 }

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        rest = bytes
        byteCount = bytes.byteCount
    }

    /// The next attribute, or nil at the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    public mutating func next() -> NetlinkAttribute? {
        // Both halves of the header at once: the length in the low one.
        guard let header = rest.hostEndianUInt32() else {
            if !rest.isEmpty { fail(.truncated(offset: byteCount - rest.byteCount)) }
            return nil
        }
        let length = Int(header & 0xffff)
        guard length >= Self.headerSize else {
            fail(.lengthTooSmall(offset: byteCount - rest.byteCount))
            return nil
        }
        guard length <= rest.byteCount else {
            fail(.truncated(offset: byteCount - rest.byteCount))
            return nil
        }
        let payload = unsafe rest.extracting(unchecked: Self.headerSize..<length)  // within what was just compared
        rest = rest.dropping((length + 3) & ~3)
        return NetlinkAttribute(type: UInt16(truncatingIfNeeded: header >> 16 & 0x3fff), payload: payload)
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func fail(_ failure: DecodeFailure) {
        self.failure = failure
        rest = rest.dropping(rest.byteCount)
    }
}
