internal import CLinux
internal import Glibc
internal import KernelState

/// Reads the links, addresses, routes and neighbours of the calling thread's namespace.
enum NetworkReader {
    /// Links with their addresses.
    static func interfaces() throws(KernelStateError) -> [NetworkInterface] {
        var socket = try RouteSocket()
        var interfaces: [NetworkInterface] = try socket.dump(
            Int(RTM_GETLINK), family: AF_UNSPEC, headerSize: LinkDecoder.headerSize, skippingStatistics: true, operation: "reading the links"
        ) { payload, interfaces in
            if let interface = LinkDecoder.decode(payload) { interfaces.append(interface) }
        }
        let addresses: [(interface: UInt32, prefix: AddressPrefix)] = try socket.dump(
            Int(RTM_GETADDR), family: AF_UNSPEC, headerSize: AddressDecoder.headerSize, operation: "reading the addresses"
        ) { payload, addresses in
            if let address = AddressDecoder.decode(payload) { addresses.append(address) }
        }
        let ofInterface = Dictionary(grouping: addresses, by: \.interface)
        for index in interfaces.indices { interfaces[index].addresses = ofInterface[interfaces[index].index]?.map(\.prefix) ?? [] }
        return interfaces
    }

    /// The routes of every table.
    static func routes() throws(KernelStateError) -> [Route] {
        var socket = try RouteSocket()
        return try routes(AF_INET, on: &socket) + routes(AF_INET6, on: &socket)
    }

    private static func routes(_ family: Int32, on socket: inout RouteSocket) throws(KernelStateError) -> [Route] {
        try socket.dump(
            Int(RTM_GETROUTE), family: family, headerSize: RouteDecoder.headerSize, operation: "reading the routes", RouteDecoder.decode)
    }

    /// Neighbours of both families, then what bridges and VXLAN devices know of link-layer addresses.
    static func neighbours() throws(KernelStateError) -> [Neighbour] {
        var socket = try RouteSocket()
        return try neighbours(AF_UNSPEC, "reading the neighbours", on: &socket)
            + neighbours(AF_BRIDGE, "reading the forwarding databases", on: &socket)
    }

    private static func neighbours(_ family: Int32, _ operation: String, on socket: inout RouteSocket) throws(KernelStateError) -> [Neighbour] {
        try socket.dump(Int(RTM_GETNEIGH), family: family, headerSize: NeighbourDecoder.headerSize, operation: operation) { payload, neighbours in
            if let neighbour = NeighbourDecoder.decode(payload) { neighbours.append(neighbour) }
        }
    }
}
