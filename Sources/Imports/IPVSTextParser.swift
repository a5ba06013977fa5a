internal import IPVS
internal import KernelState

/// Reads the lines of `ipvsadm -Lnc`, /proc/net/ip_vs_conn or ip_vs_conn_sync.
struct IPVSTextParser: LineParser {
    private let kind: TextKind
    private var hasOrigin = false

    init(kind: TextKind) { self.kind = kind }

    mutating func parse(_ line: Line) -> LineResult<IPVSConnection> {
        if line.bytes.isEmpty { return .nothing }
        let words = LineWords(line.bytes)
        if kind == .ipvsConnectionList {
            if Self.isListHeading(words) { return .nothing }
            return Self.listedRow(line.bytes).map(LineResult.entry) ?? .unreadable
        }
        if Self.isTableHeading(words) {
            hasOrigin = Self.tellsOrigin(line.bytes)
            return .nothing
        }
        var parser = ConnectionLineParser(line.bytes, hasOrigin: hasOrigin)
        return parser.row().map(LineResult.entry) ?? .unreadable
    }

    static func isListHeading(_ words: LineWords) -> Bool {
        words.begins(words.bytes.indices, "IPVS connection entries") || words.begins(words.bytes.indices, "pro expire")
    }

    static func isTableHeading(_ words: LineWords) -> Bool { words.begins(words.bytes.indices, "Pro FromIP") }

    /// The heading of ip_vs_conn_sync has one more word.
    static func tellsOrigin(_ heading: UnsafeRawBufferPointer) -> Bool { LineWords(heading).text(heading.indices).contains(" Origin ") }

    /// `TCP 00:58  SYN_RECV    192.168.0.10:52068 10.96.0.10:84      10.244.0.5:84`, minutes and seconds until it expires.
    static func listedRow(_ line: UnsafeRawBufferPointer) -> IPVSConnection? {
        var words = LineWords(line)
        guard let transport = words.transport(), let time = words.next(), let expires = seconds(words[time]), let state = words.next(),
            let client = words.next().flatMap({ Endpoint(words[$0]) }), let service = words.next().flatMap({ Endpoint(words[$0]) }),
            let backend = words.next().flatMap({ Endpoint(words[$0]) })
        else { return nil }
        return IPVSConnection(
            transport: transport, client: client, service: service, backend: backend, state: IPVSState(words.text(state)), expires: expires)
    }

    /// An overdue timer is written as a number of minutes beyond all reason: it is 0 here, as it is when read from the kernel.
    private static func seconds(_ text: UnsafeRawBufferPointer) -> UInt32? {
        let words = LineWords(text)
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let minutes = words.decimal(0..<colon),
            let seconds = words.decimal(colon + 1..<text.count), seconds < 60
        else { return nil }
        return minutes > UInt64(Int32.max) / 60 ? 0 : UInt32(minutes * 60 + seconds)
    }
}
