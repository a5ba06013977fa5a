import KernelState
import Testing

@testable import Imports

/// Texts that ip and bridge of iproute2 6.1 have printed on Linux 6.1 and 6.18, of links made for the purpose; long lines are shortened.
@Suite struct NetworkTextTests {
    private static let links = """
        1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
            link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0  allmulti 0 minmtu 0 maxmtu 0 numtxqueues 1 numrxqueues 1
            inet 127.0.0.1/8 scope host lo
               valid_lft forever preferred_lft forever
        2: eth0@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
            link/ether 96:ae:f2:07:70:e5 brd ff:ff:ff:ff:ff:ff link-netns other promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 
            veth numtxqueues 2 numrxqueues 2 gso_max_size 65536 gso_max_segs 65535
            alias the uplink with 7: words
            altname enp0s3
            inet 192.168.0.10/24 scope global eth0
               valid_lft forever preferred_lft forever
            inet 10.5.0.1 peer 10.5.0.2/32 scope global eth0
               valid_lft forever preferred_lft forever
            inet6 fe80::94ae:f2ff:fe07:70e5/64 scope link 
               valid_lft forever preferred_lft forever
        3: v1@v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue master br0 state DOWN group default qlen 1000
            link/ether 7a:eb:b4:fa:10:85 brd ff:ff:ff:ff:ff:ff promiscuity 1  allmulti 1 minmtu 68 maxmtu 65535 
            veth 
            bridge_slave state forwarding priority 32 cost 2 hairpin off guard off
        4: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
            link/ether 1a:dc:d5:bc:bf:78 brd ff:ff:ff:ff:ff:ff
        5: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9000 qdisc mq master bond0 state UP group default qlen 1000
            link/ether 02:00:00:00:00:05 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 9216 
            bond_slave state ACTIVE mii_status UP link_failure_count 0
            vf 0     link/ether 00:00:00:00:00:00 brd ff:ff:ff:ff:ff:ff, spoof checking on
            RX:  bytes packets errors dropped  missed   mcast           
                   168       2      0       0       0       0 

        """
    private static let overlays = """
        6: vx0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
            link/ether 36:f7:51:9b:df:9c brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 
            vxlan id 4096 local 192.168.0.10 dev eth0 srcport 0 0 dstport 4789 nolearning ttl auto ageing 300 udpcsum
        7: vx6: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1430 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
            link/ether 16:71:6c:3f:61:71 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 
            vxlan id 7 group ff05::100 dev eth0 srcport 0 0 dstport 8472 ttl auto ageing 300 udpcsum
        8: gv0: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN mode DEFAULT group default qlen 1000
            link/ether ce:b1:9f:9f:86:81 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 65485 
            geneve id 11 remote 192.168.0.20 ttl auto dstport 6081 noudpcsum udp6zerocsumrx
        9: tun1@NONE: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
            link/ipip 192.168.0.10 peer 192.168.0.20 promiscuity 0  allmulti 0 minmtu 0 maxmtu 0 
            ipip any remote 192.168.0.20 local 192.168.0.10 ttl inherit pmtudisc addrgenmode eui64
        10: tun2@eth0: <NOARP> mtu 1480 qdisc noop state DOWN mode DEFAULT group default qlen 1000
            link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0  allmulti 0 minmtu 0 maxmtu 0 
            ipip any remote any local any dev eth0 ttl inherit pmtudisc addrgenmode eui64
        14: eth0.100@eth0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000
            link/ether 0a:08:33:03:06:33 brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 0 maxmtu 65535 
            vlan protocol 802.1Q id 100 <REORDER_HDR> addrgenmode eui64

        """
    private static let routes = """
        throw 10.247.0.0/16 table 100 
        default via 192.168.0.1 dev eth0 proto static metric 100 
        10.7.0.0/16 
        \tnexthop via 192.168.0.2 dev eth0 weight 1 
        \tnexthop via 192.168.0.3 dev v0 weight 3 
        10.99.0.0/24  encap ip id 5 src 0.0.0.0 dst 192.168.0.20 ttl 0 tos 0 dev vx0 scope link 
        unreachable 10.246.0.0/16 metric 4278198272 
        10.250.0.0/16 via inet6 fe80::1 dev eth0 
        local 192.168.0.10 dev eth0 table local proto kernel scope host src 192.168.0.10 
        default dev eth0 table 100 scope link 
        fd00:7::/64 metric 1024 pref medium
        \tnexthop via fd00:1::2 dev eth0 weight 1 
        \tnexthop via fd00:1::3 dev eth0 weight 1 
        default dev eth0 table acme metric 1024 pref medium
        multicast ff00::/8 dev eth0 table local proto kernel metric 256 pref medium

        """
    private static let neighbours = """
        192.168.0.77 dev eth0 INCOMPLETE 
        192.168.0.2 dev eth0 lladdr 02:00:00:00:00:02  used 1/1/1probes 0 PERMANENT 
        192.168.0.4 dev eth0 ref 1 used 0/60/0probes 4 FAILED 
        fd00:1::7 dev eth0 lladdr 02:00:00:00:00:07 router REACHABLE 
        192.168.0.99 dev eth0 proxy 
        192.168.0.20 dev tun1 lladdr 192.168.0.20 NOARP 

        """
    private static let forwarding = """
        33:33:00:00:00:01 dev eth0 self permanent
        1a:dc:d5:bc:bf:78 dev v1 used 0/0 master br0 
        00:00:00:00:00:00 dev vx0 dst 192.168.0.30 port 8000 vni 9 self permanent
        66:00:00:00:00:01 dev vx0 dst 192.168.0.20 self permanent
        00:00:00:00:00:00 dev vx6 dst ff05::100 via eth0 self permanent

        """

    private func facts(_ texts: String...) throws -> NodeFacts {
        try withFiles(texts) { paths in try #require(try ImportSearch.sources(at: paths).first).facts() }
    }

    // MARK: Links

    @Test func linksWithTheirAddresses() throws {
        let facts = try facts(Self.links)
        #expect(facts.problems.isEmpty)
        #expect(facts.interfaces.map(\.name) == ["lo", "eth0", "v1", "v0", "eno1"])
        #expect(facts.interfaces.map(\.kind) == ["", "veth", "veth", "", ""])
        #expect(facts.interfaces.map(\.isUp) == [true, true, false, true, true])
        #expect(facts.interfaces.map(\.lowerIndex) == [nil, 9, 4, 3, nil])
        #expect(facts.interfaces.map(\.mtu) == [65_536, 1_500, 1_500, 1_500, 9_000])
        #expect(
            facts.interfaces[1].addresses.map { "\($0.address)/\($0.length)" } == ["192.168.0.10/24", "10.5.0.1/32", "fe80::94ae:f2ff:fe07:70e5/64"])
    }

    @Test func overlays() throws {
        let links = Dictionary(uniqueKeysWithValues: try facts(Self.overlays, Self.links).interfaces.map { ($0.name, $0) })
        let vxlan = try #require(links["vx0"])
        #expect((vxlan.kind, vxlan.tunnelIdentifier, vxlan.tunnelPort, vxlan.lowerIndex) == ("vxlan", 4_096, 4_789, 2))
        #expect((vxlan.tunnelLocal, vxlan.tunnelRemote) == (IPAddress("192.168.0.10"), nil))
        #expect(links["vx6"]?.tunnelRemote == IPAddress("ff05::100"))
        let geneve = try #require(links["gv0"])
        #expect((geneve.tunnelIdentifier, geneve.tunnelPort, geneve.tunnelRemote, geneve.isUp) == (11, 6_081, IPAddress("192.168.0.20"), false))
        let tunnel = try #require(links["tun1"])
        #expect((tunnel.tunnelLocal, tunnel.tunnelRemote, tunnel.lowerIndex) == (IPAddress("192.168.0.10"), IPAddress("192.168.0.20"), nil))
        let anywhere = try #require(links["tun2"])
        #expect((anywhere.tunnelLocal, anywhere.tunnelRemote, anywhere.lowerIndex) == (nil, nil, 2))
        // What other kinds say in the same words is none of it.
        #expect((links["eth0.100"]?.kind, links["eth0.100"]?.tunnelIdentifier) == ("vlan", nil))
    }

    @Test func aLineForEach() throws {
        let short = """
            1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
            2: eth0    inet 192.168.0.10/24 scope global eth0\\       valid_lft forever preferred_lft forever
            2: eth0    inet6 fe80::94ae:f2ff:fe07:70e5/64 scope link \\       valid_lft forever preferred_lft forever

            """
        let whole = """
            2: eth0@if9: <BROADCAST> mtu 1500 qdisc noqueue\\    link/ether 96:ae:f2:07:70:e5 brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    veth numtxqueues 2

            """
        let alone = try facts(short).interfaces
        #expect(alone.map(\.addresses.count) == [1, 2])
        // Nothing says that they are down.
        #expect(alone.allSatisfy { $0.isUp })
        let both = try #require(try facts(short, whole).interfaces.first { $0.name == "eth0" })
        #expect((both.kind, both.isUp, both.lowerIndex, both.addresses.count) == ("veth", false, 9, 2))
    }

    // MARK: Routes

    @Test func routesOfEveryKind() throws {
        let facts = try facts(Self.routes, Self.links, Self.overlays)
        #expect(facts.problems.isEmpty)
        func texts(_ field: (Route) -> String) -> [String] { facts.routes.map(field) }
        #expect(
            texts { "\($0.destination.address)/\($0.destination.length)" } == [
                "10.247.0.0/16", "0.0.0.0/0", "10.7.0.0/16", "10.7.0.0/16", "10.99.0.0/24", "10.246.0.0/16", "10.250.0.0/16", "192.168.0.10/32",
                "0.0.0.0/0", "fd00:7::/64", "fd00:7::/64", "::/0", "ff00::/8",
            ])
        #expect(facts.routes.map(\.interface) == [nil, 2, 2, 4, 6, nil, 2, 2, 2, 2, 2, 2, 2])
        #expect(
            texts { $0.gateway?.description ?? "" } == [
                "", "192.168.0.1", "192.168.0.2", "192.168.0.3", "", "", "fe80::1", "", "", "fd00:1::2", "fd00:1::3", "", "",
            ])
        #expect(facts.routes.map(\.type) == [9, 1, 1, 1, 1, 7, 1, 2, 1, 1, 1, 1, 5])
        // The number of a table that only the node's own rt_tables names is not told.
        #expect(facts.routes.map(\.table) == [100, 254, 254, 254, 254, 254, 254, 255, 100, 254, 254, 0, 255])
        #expect(facts.routes.map(\.metric) == [0, 100, 0, 0, 0, 4_278_198_272, 0, 0, 0, 1_024, 1_024, 1_024, 256])
        #expect(facts.routes[7].preferredSource == IPAddress("192.168.0.10"))
        // The addresses of an encapsulation are not the route's.
        #expect(facts.routes[4].preferredSource == nil)
    }

    @Test func aLineForEachAndDetails() throws {
        let lines = Self.routes.replacing("\n\tnexthop", with: "\\\tnexthop")
        let (several, each) = (try facts(Self.routes, Self.links).routes, try facts(lines, Self.links).routes)
        #expect(each == several)
        let detailed = "unicast default via 192.168.0.1 dev eth0 table main proto static scope global metric 100 \n"
        #expect(try facts(detailed, Self.routes, Self.links).routes.count == 13)  // the same again is no other
    }

    @Test func whatWasLearntOfADestinationIsNoRoute() throws {
        let cache = """
            10.0.0.9 via 192.168.0.1 dev eth0  src 192.168.0.10 
                cache  expires 412sec mtu 1400 
            10.1.0.0/16 dev eth0 scope link 
            10.0.0.8 dev eth0 \\    cache expires 9sec mtu 1400 

            """
        #expect(try facts(cache).routes.map(\.destination.length) == [16])
    }

    @Test func aLinkThatOnlyRoutesNameHasANumberOfItsOwn() throws {
        let facts = try facts("default via 192.168.0.1 dev uplink \n", "192.168.0.1 dev uplink FAILED\n", Self.links)
        let uplink = try #require(facts.interfaces.last)
        #expect(uplink.name == "uplink" && uplink.index == 6 && uplink.isUp)
        #expect(facts.routes.map(\.interface) == [6])
        #expect(facts.neighbours.map(\.interface) == [6])
    }

    // MARK: Neighbours

    @Test func neighboursAndForwardingDatabases() throws {
        let facts = try facts(Self.neighbours, Self.forwarding, Self.links, Self.overlays)
        #expect(facts.problems.isEmpty)
        #expect(facts.neighbours.map(\.interface) == [2, 2, 2, 2, 9, 3, 6, 6, 7])
        #expect(facts.neighbours.map(\.state) == [0x01, 0x80, 0x20, 0x02, 0x40, 0x02, 0x80, 0x80, 0x80])
        #expect(facts.neighbours.map(\.linkAddress) == [nil, 0x0200_0000_0002, nil, 0x0200_0000_0007, nil, 0x1adc_d5bc_bf78, 0, 0x6600_0000_0001, 0])
        #expect(
            facts.neighbours.map(\.address).prefix(5).allSatisfy { $0 != nil } && facts.neighbours.map(\.address).suffix(4).allSatisfy { $0 == nil })
        #expect(
            facts.neighbours.suffix(3).map(\.tunnelDestination) == [IPAddress("192.168.0.30"), IPAddress("192.168.0.20"), IPAddress("ff05::100")])
    }

    @Test func aNeighbourOfTwoTextsIsOne() throws {
        let later = "192.168.0.4 dev eth0 lladdr 02:00:00:00:00:04 STALE\n192.168.0.5 dev eth0 lladdr 02:00:00:00:00:05 NOARP\n"
        #expect(try facts(Self.neighbours, later).neighbours.count == 6)
    }

    // MARK: What cannot be read

    @Test(arguments: [
        (links, "2: eth0@if9: <BROADCAST,UP> mtu big"), (links, "    inet 10.0.0.256/24 scope global eth0"), (links, "eth0: no such link"),
        (routes, "10.0.0.0/33 dev eth0"), (routes, "10.0.0.0/8 via nowhere dev eth0"), (routes, "10.0.0.0/8 dev eth0 metric x"),
        (neighbours, "192.168.0.2 dev eth0 lladdr 02:00:00:00:00:02"), (neighbours, "192.168.0.2 lladdr 02:00:00:00:00:02 STALE"),
        (forwarding, "66:00:00:00:00 dev vx0 self"), (forwarding, "66:00:00:00:00:01 dev vx0 dst nowhere"),
    ])
    func whatCannotBeReadIsNamed(_ text: String, _ line: String) throws {
        let number = text.split(separator: "\n", omittingEmptySubsequences: false).count
        let damaged = try facts(text + line + "\n" + text)
        #expect(damaged.problems.count == 1)
        #expect(damaged.problems.first?.cause.hasSuffix("could not be read, the first is line \(number): \(line)") == true)
        let whole = try facts(text + text)
        #expect(damaged.interfaces == whole.interfaces && damaged.neighbours.map(\.address) == whole.neighbours.map(\.address))
    }

    @Test(arguments: [
        (links + "    inet 10.0.0.1/2", "inet 10.0.0.1/2"), (links + "7: eth1: <UP> mtu 15", "7: eth1: <UP> mtu 15"),
        (routes + "10.0.0.0/8 dev eth0 metric 10", "10.0.0.0/8 dev eth0 metric 10"),
        (forwarding + "66:00:00:00:00:01 dev vx0 dst 10.0.0.1", "10.0.0.1"),
    ])
    func aLastLineThatIsCutIsNotTaken(_ text: String, _ end: String) throws {
        #expect(try facts(text).problems.first?.cause.hasSuffix(end) == true)
    }

    @Test func proseAndOtherTablesAreNotTaken() throws {
        for text in [
            "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n", "1:\tlo\n\tinet  224.0.0.1\n", "10.0.0.1 is the router\n",
            "local 10.0.0.1 is down\n", "qdisc noqueue 0: dev lo root refcnt 2\n", "search cluster.local\noptions ndots:5\n",
        ] { #expect(try withFile(text) { try ImportSearch.sources(at: $0) == nil }, "\(text)") }
    }
}

/// Texts of Linux 6.18.
@Suite struct KernelTextTests {
    private static let statistics = """
        entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
        00000012  00000001 00000002 00000000 00000003 00000000 00000000 00000004 00000005 00000006 00000007 00000008 00000009  00000000 00000000 00000000 0000000a
        00000012  00000000 000000ff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000

        """

    private func facts(_ texts: String...) throws -> NodeFacts {
        try withFiles(texts) { paths in try #require(try ImportSearch.sources(at: paths).first).facts() }
    }

    @Test func theKernelsStatistics() throws {
        var first = ConntrackStatistics(cpu: 0)
        (first.clashResolve, first.found, first.invalid, first.chainTooLong, first.insert) = (1, 2, 3, 4, 5)
        (first.insertFailed, first.drop, first.earlyDrop, first.error, first.searchRestart) = (6, 7, 8, 9, 10)
        var second = ConntrackStatistics(cpu: 1)
        second.found = 255
        #expect(try facts(Self.statistics).conntrackStatistics == [first, second])
        // conntrack names the CPUs itself.
        #expect(try facts(Self.statistics, "cpu=3   \tfound=7 invalid=3\n").conntrackStatistics.map(\.cpu) == [3])
    }

    @Test func columnsOfAnotherKernelAreFoundByTheirNames() throws {
        let earlier = Self.statistics.replacing("clashres", with: "searched").replacing("chainlength", with: "delete_list")
        let statistics = try #require(try facts(earlier).conntrackStatistics.first)
        #expect((statistics.clashResolve, statistics.chainTooLong, statistics.insertFailed) == (0, 0, 6))
    }

    @Test func aLineOfOtherColumnsIsNamed() throws {
        let damaged = try facts(Self.statistics + "00000012  00000000\n")
        #expect(damaged.conntrackStatistics.count == 2)
        #expect(damaged.problems.first?.cause.contains("line 4: 00000012") == true)
    }

    @Test func theResolversFile() throws {
        let text = "# by hand\nsearch cluster.local\nnameserver 10.96.0.10\nnameserver fe80::1%eth0\noptions ndots:5\n"
        #expect(try facts(text).resolverConfiguration == text)
        #expect(try facts(text + "last").resolverConfiguration == text + "last")
    }
}
