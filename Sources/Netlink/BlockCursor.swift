/// Why a walk over received bytes stopped before their end.
public enum DecodeFailure: Error, Hashable, Sendable {
    /// A message or attribute claims more bytes than were received.
    case truncated(offset: Int)
    /// A length smaller than its own header, with which a walk would never advance.
    case lengthTooSmall(offset: Int)
}

/// Walks what netlink lays out one after the other, messages and attributes alike: a header that tells the length of itself and
/// its payload, the payload, and padding to four bytes. A cursor that failed stays finished.
@usableFromInline struct BlockCursor: ~Escapable {
    /// What has not been walked yet.
    @usableFromInline var rest: RawSpan
    @usableFromInline let byteCount: Int
    @usableFromInline var failure: DecodeFailure?

    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        rest = bytes
        byteCount = bytes.byteCount
    }

    /// Goes on behind the block that begins here.
    ///
    /// - Parameters:
    ///   - length: what the block's header tells.
    ///   - headerSize: of what `rest` has at least as many bytes.
    /// - Returns: the payload without padding; nil, and ``failure`` set, when the length lies.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    @_lifetime(self: copy self)
    mutating func payload(length: Int, headerSize: Int) -> RawSpan? {
        guard length >= headerSize else {
            fail(.lengthTooSmall(offset: byteCount - rest.byteCount))
            return nil
        }
        guard length <= rest.byteCount else {
            fail(.truncated(offset: byteCount - rest.byteCount))
            return nil
        }
        let payload = unsafe rest.extracting(unchecked: headerSize..<length)  // within what was just compared
        // The last block may end without the padding to four bytes.
        rest = rest.dropping((length + 3) & ~3)
        return payload
    }

    /// Ends the walk where no further header fits.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func end() {
        if !rest.isEmpty { fail(.truncated(offset: byteCount - rest.byteCount)) }
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func fail(_ failure: DecodeFailure) {
        self.failure = failure
        rest = rest.dropping(rest.byteCount)
    }
}
