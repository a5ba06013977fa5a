public import KernelState

// What the tables that IPVS writes to /proc have in their words.
extension LineWords {
    /// `ip_vs_proto_name`: a known name, or `IP_` and the number.
    public mutating func transport() -> TransportProtocol? {
        guard let word = next() else { return nil }
        if matches(word, "TCP") { return .tcp }
        if matches(word, "UDP") { return .udp }
        if matches(word, "SCTP") { return .sctp }
        if matches(word, "ICMP") { return .icmp }
        if matches(word, "ICMPv6") { return .icmpv6 }
        if matches(word, "IP") { return .ip }
        guard word.count > 3, matches(word.lowerBound..<word.lowerBound + 3, "IP_"),
            let number = decimal(word.lowerBound + 3..<word.upperBound), let protocolNumber = UInt8(exactly: number)
        else { return nil }
        return TransportProtocol(rawValue: protocolNumber)
    }

    /// Eight hexadecimal digits in network byte order for IPv4, eight full groups for IPv6.
    @inline(__always)
    func address(_ word: Range<Int>) -> IPAddress? {
        if word.count == 8 { return hexadecimal(word).map { IPAddress(ipv4: UInt32(truncatingIfNeeded: $0)) } }
        guard word.count == 39 else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for group in 0..<8 {
            let start = word.lowerBound + group * 5
            guard let number = hexadecimal(start..<start + 4), group == 7 || bytes[start + 4] == UInt8(ascii: ":") else { return nil }
            if group < 4 { halves.high = halves.high << 16 | number } else { halves.low = halves.low << 16 | number }
        }
        return IPAddress(ipv6High: halves.high, low: halves.low)
    }
}
