internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes routes: `struct rtmsg` and the `RTA_*` attributes.
struct RouteDecoder {
    static let headerSize = 12
    /// `RTM_F_CLONED`: an entry of the route cache that IPv6 had before 4.2.
    private static let cloned: UInt32 = 0x200
    private static let nextHopHeaderSize = 8

    private let family: AddressFamily
    private var route: Route
    private var hops: [Route] = []

    /// Appends a route for each of the next hops; none when the message is cut short or tells of no route.
    static func decode(_ payload: RawSpan, into routes: inout [Route]) {
        guard var decoder = RouteDecoder(payload) else { return }
        var attributes = AttributeCursor(payload.dropping(headerSize))
        while let attribute = attributes.next() { decoder.take(attribute) }
        guard attributes.failure == nil else { return }
        decoder.append(to: &routes)
    }

    private init?(_ payload: RawSpan) {
        guard let family = payload.byte().flatMap(AddressFamily.init(rawValue:)), let length = payload.byte(at: 1),
            let table = payload.byte(at: 4), let type = payload.byte(at: 7), let flags = payload.hostEndianUInt32(at: 8),
            flags & Self.cloned == 0
        else { return nil }
        self.family = family
        route = Route(destination: AddressPrefix(.unspecified(family), length: length), table: UInt32(table), type: type)
    }

    private mutating func take(_ attribute: borrowing NetlinkAttribute) {
        let payload = attribute.payload
        switch UInt32(attribute.type) {
        case RTA_DST.rawValue: if let address = payload.address(family) { route.destination.address = address }
        case RTA_PREFSRC.rawValue: route.preferredSource = payload.address(family)
        case RTA_PRIORITY.rawValue: route.metric = payload.hostEndianUInt32() ?? 0
        case RTA_TABLE.rawValue: route.table = payload.hostEndianUInt32() ?? route.table
        case RTA_MULTIPATH.rawValue: takeNextHops(payload)
        default: takeHop(attribute, into: &route)
        }
    }

    /// What a route's only next hop and one of several have in common.
    private func takeHop(_ attribute: borrowing NetlinkAttribute, into route: inout Route) {
        let payload = attribute.payload
        switch UInt32(attribute.type) {
        case RTA_OIF.rawValue: route.interface = payload.hostEndianUInt32()
        case RTA_GATEWAY.rawValue: route.gateway = payload.address(family)
        case RTA_VIA.rawValue:  // struct rtvia: a gateway of another family
            guard let number = payload.hostEndianUInt16(), let family = AddressFamily(rawValue: UInt8(truncatingIfNeeded: number)) else { return }
            route.gateway = payload.dropping(2).address(family)
        default: break
        }
    }

    /// `struct rtnexthop`, one after the other: length, flags, hops, interface, and attributes.
    private mutating func takeNextHops(_ bytes: RawSpan) {
        var rest = bytes
        while let length = rest.hostEndianUInt16().map(Int.init), length >= Self.nextHopHeaderSize, length <= rest.byteCount {
            var hop = route
            hop.interface = rest.hostEndianUInt32(at: 4)
            var attributes = AttributeCursor(rest.extracting(Self.nextHopHeaderSize..<length))
            while let attribute = attributes.next() { takeHop(attribute, into: &hop) }
            hops.append(hop)
            rest = rest.dropping((length + 3) & ~3)
        }
    }

    private func append(to routes: inout [Route]) {
        guard !hops.isEmpty else { return routes.append(route) }
        for hop in hops {
            var whole = route
            whole.interface = hop.interface
            whole.gateway = hop.gateway
            routes.append(whole)
        }
    }
}
