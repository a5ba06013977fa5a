/// The network layer of an address: the kernel's `AF_INET` (2) or `AF_INET6` (10).
public enum AddressFamily: UInt8, Sendable, Hashable, CaseIterable {
    case ipv4 = 2
    case ipv6 = 10
}

/// An IPv4 or IPv6 address as two integers and a family: hashable, comparable, and never on the heap.
///
/// The integers are in host byte order, so that ``high`` and ``low`` read like the address from left to right. An IPv4
/// address stands in the low 32 bits of ``low``.
public struct IPAddress: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64
    public var family: AddressFamily

    @inlinable public init(ipv4 address: UInt32) {
        self.high = 0
        self.low = UInt64(address)
        self.family = .ipv4
    }

    @inlinable public init(ipv6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.family = .ipv6
    }

    @inlinable public static func unspecified(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
    }

    /// How many bits an address of this family has.
    @inlinable public var bitWidth: Int { family == .ipv4 ? 32 : 128 }

    /// The address as it stands in a packet: 4 or 16 bytes, the highest first.
    public var networkBytes: [UInt8] {
        let halves = [high, low].flatMap(\.networkBytes)
        return family == .ipv4 ? Array(halves.suffix(4)) : halves
    }

    /// True when both addresses are of one family and agree in their first `prefixLength` bits.
    public func matches(_ network: IPAddress, prefixLength: Int) -> Bool {
        guard family == network.family else { return false }
        if family == .ipv4 {
            let mask = prefixLength == 0 ? 0 : ~UInt64(0) << UInt64(32 - prefixLength)
            return (low ^ network.low) & mask & 0xffff_ffff == 0
        }
        let highBits = min(prefixLength, 64)
        let lowBits = prefixLength - highBits
        let highMask = highBits == 0 ? 0 : ~UInt64(0) << UInt64(64 - highBits)
        let lowMask = lowBits == 0 ? 0 : ~UInt64(0) << UInt64(64 - lowBits)
        return (high ^ network.high) & highMask == 0 && (low ^ network.low) & lowMask == 0
    }
}

extension UInt64 {
    /// Its eight bytes, the highest first.
    var networkBytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> UInt64(56 - 8 * $0)) } }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        (left.family.rawValue, left.high, left.low) < (right.family.rawValue, right.high, right.low)
    }
}
