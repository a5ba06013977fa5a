// Addresses as people read and write them: dotted quads, and IPv6 as RFC 5952 says.

extension IPAddress {
    /// Reads an IPv4 or IPv6 address in its usual text form; nil for anything else, IPv6 zone ids included.
    public init?(_ text: some StringProtocol) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let groups = IPAddress.groups(of: text) else { return nil }
            self.init(ipv6High: IPAddress.join(groups[0..<4]), low: IPAddress.join(groups[4..<8]))
        } else {
            guard let number = IPAddress.dottedQuad(text) else { return nil }
            self.init(ipv4: number)
        }
    }

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

    private static func join(_ groups: ArraySlice<UInt16>) -> UInt64 {
        groups.reduce(0) { $0 << 16 | UInt64($1) }
    }

    private static func dottedQuad(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0"), let byte = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    private static func groups(of text: some StringProtocol) -> [UInt16]? {
        var whole = String(text)
        if whole.contains(".") {  // the last 32 bits as a dotted quad
            guard let colon = whole.lastIndex(of: ":"), let quad = dottedQuad(whole[whole.index(after: colon)...])
            else { return nil }
            whole = String(whole[...colon]) + String(quad >> 16, radix: 16) + ":" + String(quad & 0xffff, radix: 16)
        }
        guard let gap = whole.firstRange(of: "::") else {
            let groups = hexGroups(whole[...])
            return groups?.count == 8 ? groups : nil
        }
        guard let front = hexGroups(whole[..<gap.lowerBound]), let back = hexGroups(whole[gap.upperBound...]),
            front.count + back.count < 8
        else { return nil }
        return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
    }

    private static func hexGroups(_ text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
