import KernelState
import Testing

@testable import Redaction

@Suite struct AddressMappingTests {
    private var mapping = AddressMapping(SipHash(RedactionKey(low: 0x0123_4567_89ab_cdef, high: 0xfedc_ba98_7654_3210)))
    private var random = SystemRandomNumberGenerator()

    /// Addresses of every class, many of them close to each other.
    private mutating func addresses(_ family: AddressFamily, count: Int) -> [IPAddress] {
        let beginnings = AddressClasses.ipv4 + [PrefixMapping.Block(prefix: 0, length: 0, isKept: false)]
        let longer = AddressClasses.ipv6 + [PrefixMapping.Block(prefix: 0, length: 0, isKept: false)]
        return (0..<count).map { _ in
            let block = (family == .ipv4 ? beginnings : longer).randomElement(using: &random)!
            let shift = UInt128(Int.random(in: block.length...128, using: &random))
            let any = UInt128(random.next()) << 64 | UInt128(random.next())
            let number = block.prefix | (shift == 128 ? 0 : any >> shift)
            return IPAddress(family == .ipv4 ? number >> 96 : number, family)
        }
    }

    private func sharedBits(_ one: IPAddress, _ other: IPAddress) -> Int {
        (one.number ^ other.number).leadingZeroBitCount - (128 - one.bitWidth)
    }

    @Test(arguments: AddressFamily.allCases)
    mutating func `two addresses share as many leading bits after as before`(_ family: AddressFamily) {
        // Addresses that embed one of the other family go by that family's mapping from their last 32 bits on.
        let all = Array(Set(addresses(family, count: 600)))
        let mapped = all.map { mapping.map($0) }
        #expect(Set(mapped).count == all.count)
        for index in all.indices {
            for other in all.indices where other > index {
                #expect(sharedBits(all[index], all[other]) == sharedBits(mapped[index], mapped[other]), "\(all[index]) \(all[other])")
            }
        }
    }

    @Test mutating func `every address of a byte is another's replacement`() {
        let all = (0...UInt32(0xffff)).map { IPAddress(ipv4: 0xc0a8_0000 | $0) }
        #expect(Set(all.map { mapping.map($0) }) == Set(all))
    }

    @Test(arguments: AddressFamily.allCases)
    mutating func `an address stays in its class`(_ family: AddressFamily) {
        for address in addresses(family, count: 3_000) {
            let mapped = mapping.map(address)
            #expect(mapped.family == family)
            for block in family == .ipv4 ? AddressClasses.ipv4 : AddressClasses.ipv6 {
                let shift = UInt128(128 - address.bitWidth)
                #expect(block.contains(address.number << shift) == block.contains(mapped.number << shift), "\(address) \(mapped)")
                if block.isKept, block.contains(address.number << shift) { #expect(mapped == address) }
            }
        }
    }

    @Test mutating func `what everybody has stays`() {
        for text in ["0.0.0.0", "127.0.0.1", "127.0.0.53", "255.255.255.255", "224.0.0.251", "::", "::1", "ff02::1", "ff02::fb"] {
            #expect(mapping.map(IPAddress(text)!).description == text)
        }
    }

    @Test mutating func `an IPv4 address inside an IPv6 one is replaced as it is alone`() {
        let plain = IPAddress("10.233.71.4")!
        for text in ["::ffff:10.233.71.4", "64:ff9b::10.233.71.4"] {
            let mapped = mapping.map(IPAddress(text)!)
            #expect(mapped.low & 0xffff_ffff == mapping.map(plain).low)
            #expect(mapped.high == IPAddress(text)!.high)
        }
    }

    @Test mutating func `a network's address stays one, and holds the addresses it held`() {
        let network = mapping.map(network: AddressPrefix(IPAddress("10.233.64.0")!, length: 18))
        #expect(network.address.low & 0x3fff == 0)
        for text in ["10.233.64.1", "10.233.127.255", "10.233.71.4"] {
            #expect(mapping.map(IPAddress(text)!).matches(network.address, prefixLength: 18))
        }
        #expect(!mapping.map(IPAddress("10.233.128.1")!).matches(network.address, prefixLength: 18))
        #expect(mapping.map(network: AddressPrefix(.unspecified(.ipv6), length: 0)) == AddressPrefix(.unspecified(.ipv6), length: 0))
        let whole = mapping.map(network: AddressPrefix(IPAddress("10.0.0.0")!, length: 32))
        #expect(whole.address == mapping.map(IPAddress("10.0.0.0")!))
    }

    @Test mutating func `link addresses keep their kind and stay apart`() {
        var seen: Set<UInt64> = []
        for _ in 0..<5_000 {
            let address = random.next() & 0xffff_ffff_ffff
            let mapped = mapping.map(linkAddress: address)
            #expect(mapped >> 40 & 3 == address >> 40 & 3)
            #expect(mapped >> 48 == 0)
            seen.insert(mapped)
        }
        #expect(seen.count == 5_000)
        #expect(mapping.map(linkAddress: 0) == 0)
        #expect(mapping.map(linkAddress: 0xffff_ffff_ffff) == 0xffff_ffff_ffff)
    }

    @Test func `another key gives other addresses`() {
        let address = IPAddress("10.233.71.4")!
        let mapped = (0..<UInt64(20)).map { key -> IPAddress in
            var mapping = AddressMapping(SipHash(RedactionKey(low: key, high: 1)))
            return mapping.map(address)
        }
        #expect(Set(mapped).count == 20)
    }

    /// The vectors of the algorithm's reference implementation: key 00 to 0f, input 00 01 02 and so on.
    @Test func `the hash is SipHash-2-4`() {
        let hash = SipHash(RedactionKey(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908))
        #expect(hash.hash([UInt8]()) == 0x726f_db47_dd0e_0e31)
        #expect(hash.hash((0..<15).map { UInt8($0) }) == 0xa129_ca61_49be_45e5)
        let words: [UInt64] = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908, 0x1716_1514_1312_1110]
        #expect(hash.hash(words[0], words[1], words[2]) == hash.hash((0..<24).map { UInt8($0) }))
    }
}
