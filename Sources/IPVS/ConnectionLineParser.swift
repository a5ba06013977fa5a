internal import KernelState

/// Reads one line of /proc/net/ip_vs_conn or ip_vs_conn_sync, byte by byte, allocating nothing.
///
///     TCP C0A8000A 9C41 0A60000A 0050 0AF40005 1F90 ESTABLISHED     899
///     TCP C0A8000A 9C41 0A60000A 0050 0AF40005 1F90 ESTABLISHED LOCAL      899      (ip_vs_conn_sync)
struct ConnectionLineParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let hasOrigin: Bool

    init(_ bytes: UnsafeRawBufferPointer, hasOrigin: Bool) {
        self.bytes = bytes
        self.hasOrigin = hasOrigin
    }

    /// The row, or nil when the line is cut short or says something unreadable.
    mutating func row() -> IPVSConnection? {
        guard let transport = transport(), let client = endpoint(), let service = endpoint(), let backend = endpoint(),
            let state = state()
        else { return nil }
        var origin: IPVSOrigin?
        if hasOrigin {
            guard let word = word() else { return nil }
            origin = bytes[word.lowerBound] == UInt8(ascii: "S") ? .sync : .local
        }
        guard let expires = expires() else { return nil }
        return IPVSConnection(
            transport: transport, client: client, service: service, backend: backend, state: state, expires: expires, origin: origin)
    }

    /// The next run of bytes that are not blank.
    @inline(__always)
    private mutating func word() -> Range<Int>? {
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: " ") { position += 1 }
        return position > start ? start..<position : nil
    }

    /// `ip_vs_proto_name`: a known name, or `IP_` and the number.
    private mutating func transport() -> TransportProtocol? {
        guard let word = word() else { return nil }
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
    private func matches(_ word: Range<Int>, _ text: StaticString) -> Bool {
        guard word.count == text.utf8CodeUnitCount else { return false }
        for offset in 0..<word.count where bytes[word.lowerBound + offset] != text.utf8Start[offset] { return false }
        return true
    }

    @inline(__always)
    private mutating func endpoint() -> Endpoint? {
        guard let addressWord = word(), let address = address(addressWord), let portWord = word(), portWord.count == 4,
            let port = hexadecimal(portWord)
        else { return nil }
        return Endpoint(address: address, port: UInt16(truncatingIfNeeded: port))
    }

    /// Eight hexadecimal digits in network byte order for IPv4, eight full groups for IPv6.
    @inline(__always)
    private func address(_ word: Range<Int>) -> IPAddress? {
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
    private func hexadecimal(_ word: Range<Int>) -> UInt64? {
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
    private func decimal(_ word: Range<Int>) -> UInt64? {
        var number: UInt64 = 0
        for index in word {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = product &+ UInt64(bytes[index] &- 0x30)
        }
        return number
    }

    private mutating func state() -> IPVSState? {
        guard let word = word() else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for offset in 0..<min(word.count, 15) {
            let byte = UInt64(bytes[word.lowerBound + offset])
            if offset < 8 { halves.high |= byte << UInt64(56 - 8 * offset) } else { halves.low |= byte << UInt64(120 - 8 * offset) }
        }
        return IPVSState(high: halves.high, low: halves.low)
    }

    /// Kernels 3.10 and 4.9 print an overdue timer as a negative number without its sign: those are 0 here.
    private mutating func expires() -> UInt32? {
        guard let word = word(), let seconds = decimal(word) else { return nil }
        return seconds > UInt64(Int32.max) ? 0 : UInt32(seconds)
    }
}
