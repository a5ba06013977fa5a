public import KernelState

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

    /// An address in network byte order, of 4 or 16 bytes; what follows it is not looked at.
    @inlinable @inline(__always)
    public func address(_ family: AddressFamily) -> IPAddress? {
        switch family {
        case .ipv4: return bigEndianUInt32().map(IPAddress.init(ipv4:))
        case .ipv6:
            guard let high = bigEndianUInt64(), let low = bigEndianUInt64(at: 8) else { return nil }
            return IPAddress(ipv6High: high, low: low)
        }
    }

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
