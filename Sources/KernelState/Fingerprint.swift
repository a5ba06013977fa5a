/// A 64-bit fingerprint of what names an entry, to drop duplicates without keeping the entries: at a million entries two
/// different ones share a fingerprint with a chance of 1 in 37 million.
public struct Fingerprint: Hashable, Sendable {
    @usableFromInline var state: UInt64 = 0x9e37_79b9_7f4a_7c15

    @inlinable public init() {}

    @inlinable public var value: UInt64 { state }

    /// Mixes a word in by a folded 128-bit product, which carries every input bit to every output bit.
    @inlinable @inline(__always)
    public mutating func mix(_ word: UInt64) {
        let product = (state ^ word).multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
        state = product.high ^ product.low &+ 0xa076_1d64_78bd_642f
    }

    @inlinable @inline(__always)
    public mutating func mix(_ address: IPAddress) {
        mix(address.low)
        if address.family == .ipv6 { mix(address.high) }
    }

    @inlinable @inline(__always)
    public mutating func mix(_ endpoint: Endpoint) {
        mix(endpoint.address)
        switch endpoint.detail {
        case .port(let port): mix(UInt64(port))
        case .icmp(let type, let code, let id): mix(1 << 32 | UInt64(type) << 24 | UInt64(code) << 16 | UInt64(id))
        case .none: mix(1 << 33)
        }
    }
}

extension Flow {
    /// Names the entry within a network namespace: zones and original tuple. The kernel's own id is no name: about a hundred
    /// of a million entries share theirs with another.
    @inlinable public var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        let zones = UInt64(zone) << 32 | UInt64(original.zone ?? 0) << 16 | UInt64(reply.zone ?? 0)
        fingerprint.mix(zones << 8 | UInt64(original.transport.rawValue))
        fingerprint.mix(original.sourceEndpoint)
        fingerprint.mix(original.destinationEndpoint)
        return fingerprint
    }
}

extension IPVSConnection {
    /// Names the row within a network namespace: a client may ask one service through several backends in turn.
    @inlinable public var fingerprint: Fingerprint {
        var fingerprint = Fingerprint()
        fingerprint.mix(UInt64(transport.rawValue))
        fingerprint.mix(client)
        fingerprint.mix(service)
        fingerprint.mix(backend)
        return fingerprint
    }
}
