public import KernelState

/// Reads one line of /proc/net/ip_vs_conn or ip_vs_conn_sync, byte by byte, allocating nothing.
///
///     TCP C0A8000A 9C41 0A60000A 0050 0AF40005 1F90 ESTABLISHED     899
///     TCP C0A8000A 9C41 0A60000A 0050 0AF40005 1F90 ESTABLISHED LOCAL      899      (ip_vs_conn_sync)
public struct ConnectionLineParser {
    private var words: LineWords
    private let hasOrigin: Bool

    /// - Parameters:
    ///   - bytes: the line, without its end.
    ///   - hasOrigin: true for ip_vs_conn_sync, whose lines tell who made an entry.
    public init(_ bytes: UnsafeRawBufferPointer, hasOrigin: Bool) {
        words = LineWords(bytes)
        self.hasOrigin = hasOrigin
    }

    /// The row, or nil when the line is cut short or says something unreadable.
    public mutating func row() -> IPVSConnection? {
        guard let transport = words.transport(), let client = endpoint(), let service = endpoint(), let backend = endpoint(),
            let state = state()
        else { return nil }
        var origin: IPVSOrigin?
        if hasOrigin {
            guard let word = words.next() else { return nil }
            origin = words[word.lowerBound] == UInt8(ascii: "S") ? .sync : .local
        }
        guard let expires = expires() else { return nil }
        return IPVSConnection(
            transport: transport, client: client, service: service, backend: backend, state: state, expires: expires, origin: origin)
    }

    @inline(__always)
    private mutating func endpoint() -> Endpoint? {
        guard let addressWord = words.next(), let address = words.address(addressWord), let portWord = words.next(), portWord.count == 4,
            let port = words.hexadecimal(portWord)
        else { return nil }
        return Endpoint(address: address, port: UInt16(truncatingIfNeeded: port))
    }

    private mutating func state() -> IPVSState? {
        guard let word = words.next() else { return nil }
        var text = ShortTextPacker()
        for index in word.prefix(15) { text.append(words[index]) }
        return IPVSState(high: text.high, low: text.low)
    }

    /// Kernels 3.10 and 4.9 print an overdue timer as a negative number without its sign: those are 0 here.
    private mutating func expires() -> UInt32? {
        guard let word = words.next(), let seconds = words.decimal(word) else { return nil }
        return seconds > UInt64(Int32.max) ? 0 : UInt32(seconds)
    }
}
