internal import KernelState

/// Reads the lines of `bridge fdb`, also with `-s` and `-d`: `02:00:00:00:00:11 dev vx0 dst 10.1.0.4 self permanent`.
struct ForwardingListParser: LineParser {
    private(set) var neighbours: [NeighbourText] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        // An address that the file ends in may go on.
        guard line.isTerminated, let entry = Self.entry(line.bytes) else { return .unreadable }
        // A group that a link listens to leads nowhere.
        let isGroup = entry.neighbour.linkAddress.map { $0 >> 40 & 1 == 1 } ?? false
        if entry.neighbour.tunnelDestination == nil, isGroup { return .nothing }
        neighbours.append(entry)
        return .entry(())
    }

    static func entry(_ line: UnsafeRawBufferPointer) -> NeighbourText? {
        var words = LineWords(line)
        guard let first = words.next(), let linkAddress = ethernetAddress(words[first]), let key = words.next(), words.matches(key, "dev"),
            let device = words.next()
        else { return nil }
        // What is reachable has no word for it.
        var entry = Neighbour(interface: 0, state: 0x02)
        entry.linkAddress = linkAddress
        while let word = words.next() {
            switch words.text(word) {
            case "dst":
                entry.tunnelDestination = words.next().flatMap { IPAddress(utf8: words[$0]) }
                guard entry.tunnelDestination != nil else { return nil }
            // Names of links may look like keys.
            case "via", "master": guard words.next() != nil else { return nil }
            case "permanent": entry.state = 0x80
            case "static": entry.state = 0x40
            case "stale": entry.state = 0x04
            default: break
            }
        }
        return NeighbourText(neighbour: entry, device: words.text(device))
    }
}
