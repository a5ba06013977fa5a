internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes addresses of links: `struct ifaddrmsg` and the `IFA_*` attributes.
enum AddressDecoder {
    static let headerSize = 8

    /// The address and the index of its link, or nil when the family is another or the message is cut short.
    static func decode(_ payload: RawSpan) -> (interface: UInt32, prefix: AddressPrefix)? {
        guard let family = payload.byte().flatMap(AddressFamily.init(rawValue:)), let length = payload.byte(at: 1),
            let index = payload.hostEndianUInt32(at: 4)
        else { return nil }
        var address: IPAddress?
        var local: IPAddress?
        var attributes = AttributeCursor(payload.dropping(headerSize))
        while let attribute = attributes.next() {
            switch Int(attribute.type) {
            case Int(IFA_ADDRESS): address = attribute.payload.address(family)
            case Int(IFA_LOCAL): local = attribute.payload.address(family)
            default: break
            }
        }
        // On a point-to-point link the first is the peer's.
        guard attributes.failure == nil, let own = local ?? address else { return nil }
        return (index, AddressPrefix(own, length: length))
    }
}
