internal import KernelState

/// Walks the words of one line of the tables that IPVS writes to /proc, byte by byte, allocating nothing.
struct TableWords {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The byte at an index that a word has given.
    @inline(__always)
    subscript(_ index: Int) -> UInt8 { bytes[index] }

    /// The next run of bytes that are not blank.
    @inline(__always)
    mutating func next() -> Range<Int>? {
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: " ") { position += 1 }
        return position > start ? start..<position : nil
    }

    /// `ip_vs_proto_name`: a known name, or `IP_` and the number.
    mutating func transport() -> TransportProtocol? {
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

    @inline(__always)
    func matches(_ word: Range<Int>, _ text: StaticString) -> Bool {
        guard word.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<word.count where bytes[word.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
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

    /// Digits and letters follow each other at random, where a branch for each is guessed wrong half the time: there is none here.
    @inline(__always)
    func hexadecimal(_ word: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        var misfits: UInt8 = 0
        for index in word {
            let byte = bytes[index]
            let isDigit = byte &- 0x30 < 10
            let isLetter = (byte | 0x20) &- 0x61 < 6
            misfits |= isDigit != isLetter ? 0 : 1
            number = number << 4 | UInt64((byte & 0xf) &+ (isLetter ? 9 : 0))
        }
        return misfits == 0 ? number : nil
    }

    @inline(__always)
    func decimal(_ word: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for index in word {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = product &+ UInt64(bytes[index] &- 0x30)
        }
        return number
    }
}
