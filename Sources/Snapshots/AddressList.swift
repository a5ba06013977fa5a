internal import KernelState

/// Addresses by their places in the order in which they came: four bytes for one of IPv4, 28 for one of IPv6. A table can have as many
/// clients as entries.
struct AddressList {
    /// Of IPv4 the address itself, of IPv6 where it stands in `long`.
    private var words: [UInt32] = []
    private var long: [IPAddress] = []
    /// A bit for each, set for those of IPv6.
    private var families: [UInt64] = []

    var count: Int { words.count }

    @inline(__always)
    subscript(index: Int) -> IPAddress {
        let word = words[index]
        return families[index >> 6] >> UInt64(index & 63) & 1 == 0 ? IPAddress(ipv4: word) : long[Int(word)]
    }

    mutating func append(_ address: IPAddress) {
        if words.count & 63 == 0 { families.append(0) }
        if address.family == .ipv4 {
            words.append(UInt32(truncatingIfNeeded: address.low))
        } else {
            families[words.count >> 6] |= 1 << UInt64(words.count & 63)
            words.append(UInt32(long.count))
            long.append(address)
        }
    }
}
