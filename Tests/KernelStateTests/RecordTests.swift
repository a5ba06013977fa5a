import KernelState
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"), ("::1", "::1"),
        ("fd00:0010:0000:0000:0000:0000:0000:0003", "fd00:10::3"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("::ffff:10.1.2.3", "::ffff:10.1.2.3"), ("2001:DB8::A", "2001:db8::a"), ("1::", "1::"),
    ])
    func `addresses are written as RFC 5952 says`(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: ["", "10.0.0", "10.0.0.256", "010.0.0.1", "1.2.3.4.5", ":", "1::2::3", "12345::", "g::", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9"])
    func `what is no address is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `prefixes`() throws {
        let address = try #require(IPAddress("10.233.71.1"))
        let network = try #require(IPAddress("10.233.0.0"))
        #expect(address.matches(network, prefixLength: 16))
        #expect(!address.matches(network, prefixLength: 24))
        #expect(address.matches(network, prefixLength: 0))
        let six = try #require(IPAddress("fd00:10::1:0:0:1"))
        let sixNetwork = try #require(IPAddress("fd00:10::1:0:0:0"))
        #expect(six.matches(sixNetwork, prefixLength: 127))
        #expect(!six.matches(sixNetwork, prefixLength: 128))
        #expect(!six.matches(network, prefixLength: 0))
    }
}

@Suite struct FingerprintTests {
    @Test func `a set tells what it has seen, however much that is`() {
        var set = FingerprintSet(expected: 4)
        let values = (UInt64(0)..<10_000).map { $0 &* 0x9e37_79b9_7f4a_7c15 }
        var fresh = 0
        for value in values + values where set.insert(value) { fresh += 1 }
        #expect(fresh == 10_000)
        #expect(set.count == 10_000)
        #expect(values.allSatisfy(set.contains))
        #expect(!set.contains(1))
    }

    @Test(arguments: [0, 1, 15, 16, 17, 1_000]) func `values that share a place are told apart, at the array's end too`(expected: Int) {
        var set = FingerprintSet(expected: expected)
        let values = [0, UInt64.max, UInt64.max - 1, UInt64.max - 2, 1, 2]
        #expect(values.filter { set.insert($0) } == values)
        #expect(values.filter { set.insert($0) } == [])
        #expect(values.allSatisfy(set.contains))
        #expect(!set.contains(3) && !set.contains(UInt64.max - 3))
        #expect(set.count == values.count)
    }

    @Test func `zones and ports make a different fingerprint`() {
        let tuple = Tuple(
            source: IPAddress(ipv4: 1), destination: IPAddress(ipv4: 2), transport: .udp, detail: .ports(source: 3, destination: 4))
        let plain = Flow(original: tuple, reply: tuple)
        var zoned = plain
        zoned.zone = 1
        var directional = plain
        directional.original.zone = 1
        var other = plain
        other.original.detail = .ports(source: 4, destination: 3)
        #expect(Set([plain, zoned, directional, other].map(\.fingerprint)).count == 4)
    }
}
