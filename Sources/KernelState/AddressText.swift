// Addresses as people write them: dotted quads, and IPv6 as RFC 5952 says.

extension IPAddress {
    /// Appends the address as UTF-8, without a heap allocation of its own.
    public func write(to output: inout [UInt8]) {
        switch family {
        case .ipv4:
            for shift: UInt64 in [24, 16, 8, 0] {
                output.appendDecimal((low >> shift) & 0xff)
                if shift != 0 { output.append(UInt8(ascii: ".")) }
            }
        case .ipv6:
            writeIPv6(to: &output)
        }
    }

    private func group(_ index: Int) -> UInt64 {
        let half = index < 4 ? high : low
        return (half >> UInt64(48 - 16 * (index % 4))) & 0xffff
    }

    private func writeIPv6(to output: inout [UInt8]) {
        if high == 0, low >> 32 == 0xffff {  // IPv4-mapped, RFC 5952 section 5
            output.append(contentsOf: "::ffff:".utf8)
            IPAddress(ipv4: UInt32(truncatingIfNeeded: low)).write(to: &output)
            return
        }
        let zeros = longestRunOfZeroGroups()
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                output.append(UInt8(ascii: ":"))
                if index == 0 { output.append(UInt8(ascii: ":")) }
                index = zeros.upperBound
                continue
            }
            output.appendHexadecimal(group(index))
            index += 1
            if index < 8 { output.append(UInt8(ascii: ":")) }
        }
    }

    /// The first longest run of two or more zero groups, which `::` stands for; empty when there is none.
    private func longestRunOfZeroGroups() -> Range<Int> {
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = end + 1
        }
        return best
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
