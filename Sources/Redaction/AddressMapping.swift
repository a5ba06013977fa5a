internal import KernelState

/// Replaces addresses so that networks stay networks: those that share a prefix share one of the same length after, and an address
/// stays in its class - private, loopback, link-local, multicast and so on.
struct AddressMapping: Sendable {
    private let ipv4: PrefixMapping
    private let ipv6: PrefixMapping
    private let link: PrefixMapping
    /// What has been mapped lately: an address comes many times, and an IPv6 address costs some microseconds.
    private var recent: [IPAddress: IPAddress] = [:]
    private static let most = 65_536

    init(_ hash: SipHash) {
        ipv4 = PrefixMapping(hash, domain: 4, width: 32, blocks: AddressClasses.ipv4)
        ipv6 = PrefixMapping(hash, domain: 6, width: 128, blocks: AddressClasses.ipv6)
        link = PrefixMapping(hash, domain: 48, width: 48, blocks: AddressClasses.link)
    }

    mutating func map(_ address: IPAddress) -> IPAddress {
        if let known = recent[address] { return known }
        let mapped = replacement(for: address)
        if recent.count >= Self.most { recent.removeAll(keepingCapacity: true) }
        recent[address] = mapped
        return mapped
    }

    /// A network's address: what is zero beyond its prefix stays so.
    mutating func map(network: AddressPrefix) -> AddressPrefix {
        let hostBits = max(0, network.address.bitWidth - Int(network.length))
        let mask: UInt128 = hostBits >= 128 ? .max : (1 << UInt128(hostBits)) - 1
        let mapped = map(network.address)
        guard network.address.number & mask == 0 else { return AddressPrefix(mapped, length: network.length) }
        return AddressPrefix(IPAddress(mapped.number & ~mask, mapped.family), length: network.length)
    }

    /// Six bytes in the low 48 bits: a group address stays one, and so does one that is administered locally.
    func map(linkAddress: UInt64) -> UInt64 {
        let first = linkAddress >> 40 & 0xff
        let rest = linkAddress & 0xff_ffff_ffff
        // The two bits that tell the kind lead, as they do on the wire.
        let mapped = UInt64(truncatingIfNeeded: link.map(UInt128((first & 3) << 46 | (first >> 2) << 40 | rest) << 80) >> 80)
        return (mapped >> 40 & 0x3f) << 42 | (mapped >> 46) << 40 | mapped & 0xff_ffff_ffff
    }

    private func replacement(for address: IPAddress) -> IPAddress {
        if address.family == .ipv4 { return IPAddress(ipv4.map(address.number << 96) >> 96, .ipv4) }
        guard AddressClasses.embedding.contains(where: { $0.contains(address.number) }) else { return IPAddress(ipv6.map(address.number), .ipv6) }
        let low = ipv4.map(UInt128(address.low & 0xffff_ffff) << 96) >> 96
        return IPAddress(ipv6High: address.high, low: address.low & ~0xffff_ffff | UInt64(truncatingIfNeeded: low))
    }
}

extension IPAddress {
    var number: UInt128 { UInt128(high) << 64 | UInt128(low) }

    init(_ number: UInt128, _ family: AddressFamily) {
        let low = UInt64(truncatingIfNeeded: number)
        self = family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: low)) : IPAddress(ipv6High: UInt64(number >> 64), low: low)
    }
}
