internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// Decodes neighbours and entries of forwarding databases: `struct ndmsg` and the `NDA_*` attributes.
enum NeighbourDecoder {
    static let headerSize = 12

    /// The neighbour, or nil when the message is cut short, or tells of a group address that a link listens to, which leads nowhere.
    static func decode(_ payload: RawSpan) -> Neighbour? {
        guard let family = payload.byte(), let index = payload.hostEndianUInt32(at: 4), let state = payload.hostEndianUInt16(at: 8)
        else { return nil }
        var neighbour = Neighbour(interface: index, state: state)
        var destination: IPAddress?
        var attributes = AttributeCursor(payload.dropping(headerSize))
        while let attribute = attributes.next() {
            switch Int(attribute.type) {
            case Int(NDA_DST): destination = address(attribute.payload)
            case Int(NDA_LLADDR): neighbour.linkAddress = linkAddress(attribute.payload)
            default: break
            }
        }
        guard attributes.failure == nil else { return nil }
        if AddressFamily(rawValue: family) != nil {
            neighbour.address = destination
            return destination == nil ? nil : neighbour
        }
        neighbour.tunnelDestination = destination
        return destination == nil && neighbour.isGroup ? nil : neighbour
    }

    /// In a forwarding database the message's family is `AF_BRIDGE`, and only the length tells the address's.
    private static func address(_ bytes: RawSpan) -> IPAddress? {
        bytes.address(bytes.byteCount == 4 ? .ipv4 : .ipv6)
    }

    /// An Ethernet address; links of other kinds have shorter and longer ones, or none.
    private static func linkAddress(_ bytes: RawSpan) -> UInt64? {
        guard bytes.byteCount == 6, let high = bytes.bigEndianUInt16(), let low = bytes.bigEndianUInt32(at: 2) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }
}

extension Neighbour {
    /// True for an Ethernet group address: the lowest bit of its first byte.
    fileprivate var isGroup: Bool { linkAddress.map { $0 >> 40 & 1 == 1 } ?? false }
}
