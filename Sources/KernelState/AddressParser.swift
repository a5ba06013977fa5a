// Addresses read from text, byte by byte and without the heap: a saved table has millions of them.

extension IPAddress {
    /// Reads an IPv4 or IPv6 address in its usual text form; nil for anything else, IPv6 zone ids included.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let address = text.withUTF8({ IPAddress(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = address
    }

    /// Reads the same from UTF-8.
    public init?(utf8 bytes: UnsafeRawBufferPointer) {
        if bytes.contains(UInt8(ascii: ":")) {
            guard let number = Self.groups(bytes) else { return nil }
            self.init(ipv6High: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
        } else {
            guard let number = Self.dottedQuad(bytes) else { return nil }
            self.init(ipv4: number)
        }
    }

    private static func dottedQuad(_ bytes: UnsafeRawBufferPointer) -> UInt32? {
        var number: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var parts = 1
        for byte in bytes {
            if byte == UInt8(ascii: "."), digits > 0, parts < 4 {
                number = number << 8 | part
                (part, digits, parts) = (0, 0, parts + 1)
            } else {
                // A leading zero would be octal to some.
                guard byte &- 0x30 < 10, digits == 0 || part > 0 else { return nil }
                part = part * 10 + UInt32(byte &- 0x30)
                digits += 1
                guard part < 256 else { return nil }
            }
        }
        return parts == 4 && digits > 0 ? number << 8 | part : nil
    }

    /// The groups of an IPv6 address on either side of its `::`, if it has one.
    private static func groups(_ bytes: UnsafeRawBufferPointer) -> UInt128? {
        var front: (number: UInt128, count: Int) = (0, 0)
        var back: (number: UInt128, count: Int) = (0, 0)
        var hasGap = bytes.count > 1 && bytes[0] == UInt8(ascii: ":") && bytes[1] == UInt8(ascii: ":")
        var index = hasGap ? 2 : 0
        func append(_ group: UInt128, bits: Int) {
            if hasGap {
                back = (back.number << UInt128(bits) | group, back.count + bits / 16)
            } else {
                front = (front.number << UInt128(bits) | group, front.count + bits / 16)
            }
        }
        while index < bytes.count {
            let start = index
            var group: UInt128 = 0
            while index < bytes.count, index - start < 5, let digit = hexadecimalDigit(bytes[index]) {
                group = group << 4 | UInt128(digit)
                index += 1
            }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {  // the last 32 bits as a dotted quad
                guard let quad = dottedQuad(UnsafeRawBufferPointer(rebasing: bytes[start...])) else { return nil }
                append(UInt128(quad), bits: 32)
                break
            }
            guard (1...4).contains(index - start) else { return nil }
            append(group, bits: 16)
            guard index < bytes.count else { break }
            guard bytes[index] == UInt8(ascii: ":"), index + 1 < bytes.count else { return nil }
            index += 1
            guard bytes[index] == UInt8(ascii: ":") else { continue }
            guard !hasGap else { return nil }
            hasGap = true
            index += 1
        }
        let count = front.count + back.count
        guard hasGap ? count < 8 : count == 8 else { return nil }
        return front.number << UInt128(16 * (8 - front.count)) | back.number
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}
