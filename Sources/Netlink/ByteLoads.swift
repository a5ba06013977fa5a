// Unaligned loads from received bytes. The name says the byte order on the wire; the value comes in host order. Each is nil
// when the bytes are too short, so that a decoder can skip a malformed attribute instead of trapping on it.

extension RawSpan {
    @inlinable @inline(__always)
    public func byte(at offset: Int = 0) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    @inlinable @inline(__always)
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number? {
        guard offset >= 0, byteCount - offset >= MemoryLayout<Number>.size else { return nil }
        return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type)
    }

    @inlinable @inline(__always)
    public func hostEndianUInt16(at offset: Int = 0) -> UInt16? { load(UInt16.self, at: offset) }
    @inlinable @inline(__always)
    public func hostEndianUInt32(at offset: Int = 0) -> UInt32? { load(UInt32.self, at: offset) }
    @inlinable @inline(__always)
    public func hostEndianUInt64(at offset: Int = 0) -> UInt64? { load(UInt64.self, at: offset) }
    @inlinable @inline(__always)
    public func bigEndianUInt16(at offset: Int = 0) -> UInt16? { load(UInt16.self, at: offset)?.byteSwapped }
    @inlinable @inline(__always)
    public func bigEndianUInt32(at offset: Int = 0) -> UInt32? { load(UInt32.self, at: offset)?.byteSwapped }
    @inlinable @inline(__always)
    public func bigEndianUInt64(at offset: Int = 0) -> UInt64? { load(UInt64.self, at: offset)?.byteSwapped }

    /// The bytes from `offset` on; empty when there are none.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func dropping(_ offset: Int) -> RawSpan {
        unsafe extracting(unchecked: min(max(offset, 0), byteCount)..<byteCount)  // clamped
    }

    /// The bytes up to the first zero, as text; invalid UTF-8 is replaced. Not for hot paths.
    public func zeroTerminatedText() -> String {
        var bytes: [UInt8] = []
        for offset in 0..<byteCount {
            guard let byte = byte(at: offset), byte != 0 else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

#if _endian(big)
    #error("kstate is written for little-endian machines: the big-endian loads swap unconditionally")
#endif
