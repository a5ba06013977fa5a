import KernelState
import Testing

@testable import Correlation

private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

private func route(
    _ destination: String, _ length: UInt8, via gateway: String? = nil, on interface: UInt32? = nil, table: UInt32 = 254,
    metric: UInt32 = 0, type: UInt8 = 1
) throws -> Route {
    var route = Route(destination: AddressPrefix(try address(destination), length: length), table: table, type: type)
    route.gateway = try gateway.map(address)
    route.interface = interface
    route.metric = metric
    return route
}

private func interface(_ index: UInt32, _ name: String, kind: String = "") -> NetworkInterface {
    var interface = NetworkInterface(index: index, name: name)
    interface.kind = kind
    return interface
}

/// A node with flannel's overlay: pods of another node behind flannel.1.
private func node() throws -> NodeFacts {
    var facts = NodeFacts()
    var overlay = interface(4, "flannel.1", kind: "vxlan")
    overlay.tunnelPort = 8472
    overlay.tunnelIdentifier = 1
    overlay.tunnelLocal = try address("192.168.0.1")
    overlay.lowerIndex = 2
    var plain = interface(6, "tunl0", kind: "ipip")
    plain.tunnelLocal = nil
    facts.interfaces = [interface(1, "lo"), interface(2, "eth0"), interface(3, "eth1"), overlay, interface(5, "cni0", kind: "bridge"), plain]
    facts.routes = [
        try route("0.0.0.0", 0, via: "192.168.0.254", on: 2),
        try route("0.0.0.0", 0, via: "192.168.1.254", on: 3, metric: 100),
        try route("192.168.0.0", 24, on: 2),
        try route("10.244.0.0", 16, via: "192.168.0.254", on: 2),
        try route("10.244.0.0", 24, on: 5),
        try route("10.244.1.0", 24, via: "10.244.1.0", on: 4),
        try route("10.245.2.0", 24, via: "192.168.0.7", on: 6),
        try route("10.99.0.0", 16, type: 6),
        try route("10.98.0.0", 16, via: "192.168.0.8", on: 2),
        try route("10.98.0.0", 16, via: "192.168.0.9", on: 2),
        try route("192.168.0.1", 32, on: 2, table: 255, type: 2),
        try route("10.50.0.0", 16, on: 3, table: 1_000),
        try route("fd00:244:1::", 64, via: "fd00:244:1::", on: 4),
    ]
    var neighbour = Neighbour(interface: 4, state: 0x80)
    neighbour.address = try address("10.244.1.0")
    neighbour.linkAddress = 0x0200_0000_0011
    var forwarding = Neighbour(interface: 4, state: 0x80)
    forwarding.linkAddress = 0x0200_0000_0011
    forwarding.tunnelDestination = try address("192.168.0.4")
    facts.neighbours = [neighbour, forwarding]
    return facts
}

@Suite struct RouteLookupTests {
    private func names(_ text: String, _ facts: NodeFacts? = nil) throws -> [String] {
        RouteLookup(try facts ?? node()).paths(to: try address(text)).map { $0.interface?.name ?? "-" }
    }

    @Test func `the longest prefix wins, then the lowest metric`() throws {
        #expect(try names("10.244.0.9") == ["cni0"])
        #expect(try names("10.244.7.9") == ["eth0"])
        #expect(try names("8.8.8.8") == ["eth0"])
        var facts = try node()
        facts.routes.removeFirst()
        #expect(try names("8.8.8.8", facts) == ["eth1"])
    }

    @Test func `a gateway, or the address itself, is the next hop`() throws {
        let lookup = RouteLookup(try node())
        #expect(lookup.paths(to: try address("8.8.8.8")).first?.nextHop == (try address("192.168.0.254")))
        #expect(lookup.paths(to: try address("192.168.0.77")).first?.nextHop == (try address("192.168.0.77")))
    }

    @Test func `the local table comes first, and tables that only rules name are not followed`() throws {
        let own = try #require(RouteLookup(try node()).paths(to: try address("192.168.0.1")).first)
        #expect(own.route.type == 2)
        #expect(try names("10.50.0.1") == ["eth0"])
    }

    @Test func `routes that lead nowhere, or are not there`() throws {
        let blackhole = try #require(RouteLookup(try node()).paths(to: try address("10.99.1.1")).first)
        #expect(blackhole.interface == nil && blackhole.route.type == 6)
        #expect(try names("fd99::1").isEmpty)
    }

    @Test func `a throw route goes on with the next table`() throws {
        var facts = try node()
        facts.routes.append(try route("8.8.0.0", 16, table: 254, type: 9))
        facts.routes.append(try route("0.0.0.0", 0, on: 3, table: 253))
        #expect(try names("8.8.8.8", facts) == ["eth1"])
    }

    @Test func `several next hops are several paths`() throws {
        let hops = RouteLookup(try node()).paths(to: try address("10.98.1.1")).map(\.nextHop.description)
        #expect(hops == ["192.168.0.8", "192.168.0.9"])
    }

    @Test func `a VXLAN's outer packet goes where the neighbour and the forwarding database say`() throws {
        let path = try #require(RouteLookup(try node()).paths(to: try address("10.244.1.5")).first)
        #expect(path.interface?.name == "flannel.1")
        let outer = try #require(path.outer)
        #expect(outer.destination == (try address("192.168.0.4")))
        #expect(outer.source == (try address("192.168.0.1")))
        #expect(outer.port == 8472 && outer.identifier == 1)
        #expect(outer.interface?.name == "eth0")
    }

    @Test func `an unknown neighbour's outer packet goes to the default destination, if there is one`() throws {
        var facts = try node()
        let lookup = RouteLookup(facts)
        #expect(lookup.paths(to: try address("fd00:244:1::5")).first?.outer?.destination == nil)
        var everyone = Neighbour(interface: 4, state: 0x80)
        everyone.linkAddress = 0
        everyone.tunnelDestination = try address("239.1.1.1")
        facts.neighbours.append(everyone)
        let outer = RouteLookup(facts).paths(to: try address("fd00:244:1::5")).first?.outer
        #expect(outer?.destination == (try address("239.1.1.1")))
    }

    @Test func `IP in IP goes to the gateway, by the device that leads there`() throws {
        let outer = try #require(RouteLookup(try node()).paths(to: try address("10.245.2.5")).first?.outer)
        #expect(outer.destination == (try address("192.168.0.7")))
        #expect(outer.port == nil)
        #expect(outer.interface?.name == "eth0")
    }
}
