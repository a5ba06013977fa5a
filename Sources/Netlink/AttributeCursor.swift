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
    @usableFromInline let bytes: RawSpan
    @usableFromInline var offset = 0
    public private(set) var failure: DecodeFailure?

    @inlinable static var headerSize: Int { 4 }

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// The next attribute, or nil at the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public mutating func next() -> NetlinkAttribute? {
        let start = offset
        guard let length = bytes.hostEndianUInt16(at: start).map(Int.init), let type = bytes.hostEndianUInt16(at: start + 2) else {
            if start < bytes.byteCount { fail(.truncated(offset: start)) }
            return nil
        }
        guard length >= Self.headerSize else {
            fail(.lengthTooSmall(offset: start))
            return nil
        }
        guard length <= bytes.byteCount - start else {
            fail(.truncated(offset: start))
            return nil
        }
        offset = min(start + (length + 3) & ~3, bytes.byteCount)
        return NetlinkAttribute(type: type & 0x3fff, payload: bytes.extracting(start + Self.headerSize..<start + length))
    }

    @usableFromInline
    mutating func fail(_ failure: DecodeFailure) {
        self.failure = failure
        offset = bytes.byteCount
    }
}
