/// Maps numbers of a fixed width so that two which share n leading bits share n bits after, and no two become one.
///
/// The scheme of Crypto-PAn (Xu, Fan, Ammar and Moon, 2002): each bit is turned or not, as a keyed hash of the bits before it says.
/// A bit on the way to one of the `blocks` is never turned, so a number stays in the block that it is in.
struct PrefixMapping: Sendable {
    /// The numbers that begin with certain bits.
    struct Block: Sendable {
        /// The bits, highest first; zeros after them.
        var prefix: UInt128
        var length: Int
        /// True where its numbers are no secret: they stay what they are.
        var isKept: Bool

        func contains(_ number: UInt128) -> Bool { (number ^ prefix).leadingZeroBitCount >= length }

        /// The leading bits of a number that are those on the way to the block, and the one that leaves that way.
        func untouchedBits(of number: UInt128) -> Int { min((number ^ prefix).leadingZeroBitCount + 1, length) }
    }

    private let hash: SipHash
    /// Tells this mapping's hashes from those of others with the same key.
    private let domain: UInt64
    private let width: Int
    private let blocks: [Block]

    init(_ hash: SipHash, domain: UInt8, width: Int, blocks: [Block]) {
        self.hash = hash
        self.domain = UInt64(domain)
        self.width = width
        self.blocks = blocks
    }

    /// - Parameter number: its bits are the highest of the 128.
    func map(_ number: UInt128) -> UInt128 {
        var untouched = 0
        for block in blocks {
            if block.isKept, block.contains(number) { return number }
            untouched = max(untouched, block.untouchedBits(of: number))
        }
        var mapped = number
        for bit in untouched..<max(width, untouched) {
            let before = bit == 0 ? 0 : (number >> UInt128(128 - bit)) << UInt128(128 - bit)
            let turned = hash.hash(
                domain << 8 | UInt64(bit), UInt64(truncatingIfNeeded: before >> 64), UInt64(truncatingIfNeeded: before))
            mapped ^= UInt128(turned & 1) << UInt128(127 - bit)
        }
        return mapped
    }
}
