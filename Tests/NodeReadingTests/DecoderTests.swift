import KernelState
import Testing

@testable import Netlink
@testable import NodeReading

/// The payload of a message.
private func decode<Value>(_ message: [UInt8], _ body: (RawSpan) -> Value?) -> Value? {
    message.withUnsafeBytes { bytes -> Value? in
        var messages = MessageCursor(RawSpan(_unsafeBytes: bytes))
        guard let message = messages.next() else { return nil }
        return body(message.payload)
    }
}

private func routes(_ message: [UInt8]) -> [Route] {
    decode(message) { payload in
        var routes: [Route] = []
        RouteDecoder.decode(payload, into: &routes)
        return routes
    } ?? []
}

/// The message cut to each shorter length, which its header tells.
private func cut(_ message: [UInt8], from first: Int) -> [[UInt8]] {
    (first..<message.count).map { length in [UInt8(length & 0xff), UInt8(length >> 8)] + message[2..<length] }
}

@Suite struct LinkDecoderTests {
    @Test func `a VXLAN device, whose port is in network byte order`() throws {
        let link = try #require(decode(Fixtures.vxlan) { LinkDecoder.decode($0) })
        #expect(link.index == 4 && link.name == "vx0" && link.kind == "vxlan" && link.isUp && link.mtu == 1450)
        #expect(link.tunnelPort == 8472)
        #expect(link.tunnelIdentifier == 4096)
        #expect(link.tunnelLocal == IPAddress("10.1.0.1"))
        #expect(link.tunnelRemote == nil)
        #expect(link.lowerIndex == 3)
    }

    @Test func `a Geneve device`() throws {
        let link = try #require(decode(Fixtures.geneve) { LinkDecoder.decode($0) })
        #expect(link.kind == "geneve" && link.tunnelPort == 6081 && link.tunnelIdentifier == 7)
        #expect(link.tunnelRemote == IPAddress("10.1.0.9"))
        #expect(link.lowerIndex == nil)
    }

    @Test func `a device of IP in IP, whose lower one of index 0 is none`() throws {
        let link = try #require(decode(Fixtures.ipInIP) { LinkDecoder.decode($0) })
        #expect(link.kind == "ipip" && !link.isUp && link.tunnelPort == nil && link.lowerIndex == nil)
        #expect(link.tunnelLocal == IPAddress("10.1.0.1") && link.tunnelRemote == IPAddress("10.1.0.7"))
    }

    @Test func `a message cut short within an attribute is none`() {
        for message in cut(Fixtures.vxlan, from: 100) { #expect(decode(message) { LinkDecoder.decode($0) } == nil) }
        #expect(decode([20, 0, 0, 0] + Fixtures.vxlan[4..<20]) { LinkDecoder.decode($0) } == nil)
    }
}

@Suite struct AddressDecoderTests {
    @Test func `the own end of a point-to-point link`() throws {
        let address = try #require(decode(Fixtures.peerAddress) { AddressDecoder.decode($0) })
        #expect(address.interface == 3)
        #expect(address.prefix == AddressPrefix(try #require(IPAddress("10.5.0.1")), length: 32))
    }

    @Test func `an IPv6 address`() throws {
        let address = try #require(decode(Fixtures.ipv6Address) { AddressDecoder.decode($0) })
        #expect(address.prefix == AddressPrefix(try #require(IPAddress("fd01::1")), length: 64))
    }
}

@Suite struct RouteDecoderTests {
    @Test func `a connected route`() throws {
        let route = try #require(routes(Fixtures.connectedRoute).first)
        #expect(route.destination == AddressPrefix(try #require(IPAddress("10.1.0.0")), length: 24))
        #expect(route.gateway == nil && route.interface == 3 && route.table == 254 && route.metric == 0 && route.type == 1)
        #expect(route.preferredSource == IPAddress("10.1.0.1"))
    }

    @Test func `a gateway of the other family, and a table above 255`() throws {
        let route = try #require(routes(Fixtures.routeViaIPv6).first)
        #expect(route.gateway == IPAddress("fd01::2"))
        #expect(route.table == 1000 && route.metric == 50)
    }

    @Test func `each next hop is a route`() {
        let hops = routes(Fixtures.routeOfTwoHops)
        #expect(hops.map(\.gateway) == [IPAddress("10.1.0.2"), IPAddress("10.1.0.3")])
        #expect(hops.allSatisfy { $0.destination == AddressPrefix(IPAddress(ipv4: 0), length: 0) && $0.interface == 3 })
    }

    @Test func `a route that leads nowhere`() throws {
        let route = try #require(routes(Fixtures.blackhole).first)
        #expect(route.type == 6 && route.interface == nil)
    }

    @Test func `an IPv6 route`() throws {
        let route = try #require(routes(Fixtures.ipv6Route).first)
        #expect(route.destination == AddressPrefix(try #require(IPAddress("fd77::")), length: 64))
        #expect(route.gateway == IPAddress("fd01::5") && route.metric == 1024)
    }

    @Test func `entries of a route cache, multicast routing and messages cut short are none`() {
        var cached = Fixtures.ipv6Route
        cached[25] = 0x02  // RTM_F_CLONED
        #expect(routes(cached).isEmpty)
        var multicast = Fixtures.connectedRoute
        multicast[16] = 128  // RTNL_FAMILY_IPMR
        #expect(routes(multicast).isEmpty)
        for message in cut(Fixtures.connectedRoute, from: 37) where message.count % 8 != 4 { #expect(routes(message).isEmpty) }
    }

    @Test func `a next hop whose length lies ends the walk`() {
        var message = Fixtures.routeOfTwoHops
        let second = 16 + 12 + 8 + 4 + 16
        message[second] = 2
        #expect(routes(message).count == 1)
        message[second] = 200
        #expect(routes(message).count == 1)
    }
}

@Suite struct NeighbourDecoderTests {
    @Test func `a neighbour`() throws {
        let neighbour = try #require(decode(Fixtures.neighbour) { NeighbourDecoder.decode($0) })
        #expect(neighbour.interface == 4 && neighbour.address == IPAddress("10.244.1.0"))
        #expect(neighbour.linkAddress == 0x0200_0000_0011 && neighbour.state == 0x80 && neighbour.tunnelDestination == nil)
    }

    @Test func `where a VXLAN device sends frames`() throws {
        let entry = try #require(decode(Fixtures.forwardingEntry) { NeighbourDecoder.decode($0) })
        #expect(entry.interface == 4 && entry.address == nil && entry.linkAddress == 0x0200_0000_0011)
        #expect(entry.tunnelDestination == IPAddress("10.1.0.4"))
    }

    @Test func `a group address that a link listens to leads nowhere`() {
        #expect(decode(Fixtures.groupAddress) { NeighbourDecoder.decode($0) } == nil)
    }
}
