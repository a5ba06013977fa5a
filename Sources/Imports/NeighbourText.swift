internal import KernelState

/// A neighbour, or an entry of a forwarding database, as texts tell it, which name its link.
struct NeighbourText: Hashable {
    /// Its interface is 0.
    var neighbour: Neighbour
    var device: String

    /// What names it, whatever state it is in.
    var key: NeighbourText {
        var key = self
        key.neighbour.state = 0
        if neighbour.address != nil { key.neighbour.linkAddress = nil }
        return key
    }
}

/// An Ethernet address as a number: `02:00:00:00:00:11`; nil for the addresses of other links.
func ethernetAddress(_ text: UnsafeRawBufferPointer) -> UInt64? {
    let words = LineWords(text)
    guard text.count == 17 else { return nil }
    var number: UInt64 = 0
    for start in stride(from: 0, to: 17, by: 3) {
        guard let byte = words.hexadecimal(start..<start + 2), start == 15 || text[start + 2] == UInt8(ascii: ":") else { return nil }
        number = number << 8 | byte
    }
    return number
}
