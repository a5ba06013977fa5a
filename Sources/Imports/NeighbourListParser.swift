internal import KernelState

/// Reads the lines of `ip neigh`, also with `-s`: `10.0.0.2 dev eth0 lladdr 02:00:00:00:00:02 router REACHABLE`.
struct NeighbourListParser: LineParser {
    /// `NUD_*`.
    private static let states: [String: UInt16] = [
        "NONE": 0, "INCOMPLETE": 0x01, "REACHABLE": 0x02, "STALE": 0x04, "DELAY": 0x08, "PROBE": 0x10, "FAILED": 0x20, "NOARP": 0x40,
        "PERMANENT": 0x80,
    ]

    private(set) var neighbours: [NeighbourText] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty || Self.isProxy(line.bytes) { return .nothing }
        guard let neighbour = Self.neighbour(line.bytes) else { return .unreadable }
        neighbours.append(neighbour)
        return .entry(())
    }

    /// Nil for a line without a state, which stands last.
    static func neighbour(_ line: UnsafeRawBufferPointer) -> NeighbourText? {
        var words = LineWords(line)
        guard let first = words.next(), let address = IPAddress(utf8: words[first]), let key = words.next(), words.matches(key, "dev"),
            let device = words.next()
        else { return nil }
        var neighbour = Neighbour(interface: 0, state: 0)
        neighbour.address = address
        var hasState = false
        while let word = words.next() {
            if words.matches(word, "lladdr") {
                guard let value = words.next() else { return nil }
                neighbour.linkAddress = ethernetAddress(words[value])
            } else if let state = Self.states[words.text(word)] {
                neighbour.state |= state
                hasState = true
            }
        }
        return hasState ? NeighbourText(neighbour: neighbour, device: words.text(device)) : nil
    }

    /// An address that the node answers for in somebody else's place is no neighbour: `10.0.0.99 dev eth0 proxy`.
    private static func isProxy(_ line: UnsafeRawBufferPointer) -> Bool {
        var words = LineWords(line)
        guard let first = words.next(), IPAddress(utf8: words[first]) != nil, let key = words.next(), words.matches(key, "dev"),
            words.next() != nil
        else { return false }
        return words.next().map { words.matches($0, "proxy") } ?? false
    }
}
