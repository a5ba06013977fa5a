internal import KernelState

/// What texts have told of IPVS itself.
struct IPVSText {
    /// `IP_VS_VERSION_CODE`, and the buckets of the connection table.
    var version: UInt32?
    var connectionTableSize: UInt32?
    var timeouts: Timeouts?
    var daemons: [IPVSDaemon] = []

    /// Seconds.
    struct Timeouts: Equatable {
        var tcp: UInt32
        var tcpFin: UInt32
        var udp: UInt32
    }

    init() {}

    /// Reads the first line of `ipvsadm -Ln` or /proc/net/ip_vs: `IP Virtual Server version 1.2.1 (size=4096)`.
    init(headingOf text: SavedText) throws(KernelStateError) {
        self = try LineReader.first(of: text.path) { IPVSText(heading: $0) } ?? IPVSText()
    }

    init(heading line: UnsafeRawBufferPointer) {
        var words = LineWords(line)
        for name in ["IP", "Virtual", "Server", "version"] as [StaticString] {
            guard let word = words.next(), words.matches(word, name) else { return }
        }
        guard let version = words.next(), let size = words.next(), words.begins(size, "(size="), size.count > 7 else { return }
        self.version = Self.versionCode(words.text(version))
        connectionTableSize = words.decimal(size.lowerBound + 6..<size.upperBound - 1).flatMap(UInt32.init(exactly:))
    }

    /// `1.2.1` as 0x010201.
    private static func versionCode(_ text: String) -> UInt32? {
        let numbers = text.split(separator: ".").compactMap { UInt8($0) }
        return numbers.count == 3 ? numbers.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }

    /// Takes what `other` has and this has not.
    mutating func fill(from other: IPVSText) {
        version = version ?? other.version
        connectionTableSize = connectionTableSize ?? other.connectionTableSize
        timeouts = timeouts ?? other.timeouts
        daemons += other.daemons.filter { other in !daemons.contains { $0.role == other.role } }
    }

    /// nil where no text has told anything.
    var facts: IPVSFacts? {
        guard version != nil || timeouts != nil || !daemons.isEmpty else { return nil }
        var facts = IPVSFacts()
        facts.version = version ?? 0
        facts.connectionTableSize = connectionTableSize ?? 0
        facts.tcpTimeout = timeouts?.tcp
        facts.tcpFinTimeout = timeouts?.tcpFin
        facts.udpTimeout = timeouts?.udp
        facts.daemons = daemons
        return facts
    }
}
