import KernelState
import Testing

@testable import Snapshots

@Suite struct AddressListTests {
    @Test func `addresses of both families come back in their order`() {
        var list = AddressList()
        var book = AddressBook()
        var expected: [IPAddress] = []
        for number in UInt32(0)..<5_000 {
            let isLong = number % 3 == 1 || (64..<130).contains(number)
            expected.append(isLong ? IPAddress(ipv6High: 0xfd00 << 48, low: UInt64(number)) : IPAddress(ipv4: number &* 2_654_435_761))
        }
        for address in expected { list.append(address) }
        #expect(list.count == expected.count)
        #expect(expected.indices.map { list[$0] } == expected)
        // Each has its number, whether it is new or met again.
        #expect(expected.map { book.number(of: $0) } == Array(1...5_000))
        #expect(expected.reversed().map { book.number(of: $0) } == (1...5_000).reversed())
        // An address of IPv6 whose low bits are one of IPv4 is another.
        #expect(book.number(of: IPAddress(ipv6High: 0, low: expected[2].low)) == 5_001)
    }
}
