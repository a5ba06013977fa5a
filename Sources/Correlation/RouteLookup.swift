public import KernelState

/// The way that a packet of this node takes to an address: its first hop, and for an overlay the outer packet's first hop too.
public struct NetworkPath: Hashable, Sendable {
    public var route: Route
    /// nil where the route leads nowhere, or its interface is not among the facts.
    public var interface: NetworkInterface?
    /// What the link-layer address is asked for: the gateway, or the address itself.
    public var nextHop: IPAddress
    /// Where a tunnel device sends the packet.
    public var outer: OuterPath?

    public var gateway: IPAddress? { route.gateway }
}

/// The packet around a packet: what a capture on the node's own link shows of an overlay.
public struct OuterPath: Hashable, Sendable {
    /// nil where the device has nothing that tells it: it then asks every one, or drops the packet.
    public var destination: IPAddress?
    public var source: IPAddress?
    /// The UDP port of a VXLAN or Geneve device, as the device has it; nil for IP in IP and GRE.
    public var port: UInt16?
    public var identifier: UInt32?
    /// Where the outer packet leaves: the device below, or the one that routes lead to.
    public var interface: NetworkInterface?
}

/// Finds which interface, gateway and outer destination lead to an address, by a namespace's facts alone.
///
/// As the kernel does under its usual rules: the local table, then main, then default; in each the longest prefix, of several the
/// lowest metric. Rules of an operator's own (`ip rule`) are not among the facts and not followed.
public struct RouteLookup: Sendable {
    /// `RT_TABLE_LOCAL`, `RT_TABLE_MAIN`, `RT_TABLE_DEFAULT`.
    private static let tables: [UInt32] = [255, 254, 253]
    /// `RTN_THROW`: go on with the next table.
    private static let goOn: UInt8 = 9

    private struct NeighbourKey: Hashable, Sendable {
        var interface: UInt32
        var address: IPAddress
    }
    private struct ForwardingKey: Hashable, Sendable {
        var interface: UInt32
        var linkAddress: UInt64
    }

    private let routes: [[Route]]
    private var interfaces: [UInt32: NetworkInterface] = [:]
    private var linkAddresses: [NeighbourKey: UInt64] = [:]
    private var outerDestinations: [ForwardingKey: IPAddress] = [:]

    public init(_ facts: NodeFacts) {
        routes = Self.tables.map { table in
            facts.routes.filter { $0.table == table }.sorted {
                ($1.destination.length, $0.metric) < ($0.destination.length, $1.metric)
            }
        }
        for interface in facts.interfaces { interfaces[interface.index] = interface }
        for neighbour in facts.neighbours {
            guard let linkAddress = neighbour.linkAddress else { continue }
            if let address = neighbour.address {
                linkAddresses[NeighbourKey(interface: neighbour.interface, address: address)] = linkAddress
            } else if let destination = neighbour.tunnelDestination {
                outerDestinations[ForwardingKey(interface: neighbour.interface, linkAddress: linkAddress)] = destination
            }
        }
    }

    /// The ways to `address`, one for each of the next hops that share its load; none where there is no route.
    public func paths(to address: IPAddress) -> [NetworkPath] {
        bestRoutes(to: address).map { route in
            let interface = route.interface.flatMap { interfaces[$0] }
            let nextHop = route.gateway ?? address
            return NetworkPath(
                route: route, interface: interface, nextHop: nextHop, outer: interface.flatMap { outer(of: $0, nextHop: nextHop) })
        }
    }

    private func bestRoutes(to address: IPAddress) -> [Route] {
        for table in routes {
            guard let first = table.firstIndex(where: { $0.leads(to: address) }) else { continue }
            if table[first].type == Self.goOn { continue }
            return table[first...].prefix { $0.destination == table[first].destination && $0.metric == table[first].metric }
        }
        return []
    }

    private func outer(of device: NetworkInterface, nextHop: IPAddress) -> OuterPath? {
        switch device.kind {
        case "vxlan", "geneve":
            return outer(of: device, to: forwarded(by: device, nextHop: nextHop) ?? device.tunnelRemote)
        case "ipip", "sit", "gre":
            // Without a remote of its own the device sends to the route's gateway.
            return outer(of: device, to: device.tunnelRemote ?? nextHop)
        default: return nil
        }
    }

    private func outer(of device: NetworkInterface, to destination: IPAddress?) -> OuterPath {
        let route = destination.flatMap { bestRoutes(to: $0).first }
        let below = device.lowerIndex ?? route?.interface
        return OuterPath(
            destination: destination, source: device.tunnelLocal ?? route?.preferredSource, port: device.tunnelPort,
            identifier: device.tunnelIdentifier, interface: below.flatMap { interfaces[$0] })
    }

    /// By the next hop's link-layer address, or by that of all zero, which stands for every other.
    private func forwarded(by device: NetworkInterface, nextHop: IPAddress) -> IPAddress? {
        let linkAddress = linkAddresses[NeighbourKey(interface: device.index, address: nextHop)]
        let known = linkAddress.flatMap { outerDestinations[ForwardingKey(interface: device.index, linkAddress: $0)] }
        return known ?? outerDestinations[ForwardingKey(interface: device.index, linkAddress: 0)]
    }
}

extension Route {
    fileprivate func leads(to address: IPAddress) -> Bool {
        address.matches(destination.address, prefixLength: Int(destination.length))
    }
}
