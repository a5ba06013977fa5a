/// A set of 64-bit fingerprints in one flat array: 8 bytes an entry, three quarters full where the number of entries was told before.
///
/// Open addressing with linear probing. The values are mixed already (``Fingerprint``), so that a value's place is its share of
/// 2^64, whatever the size of the array: memory follows the number of entries without going up to the next power of two, and as
/// the order of the values is that of their places, a larger array is filled from its start to its end.
public struct FingerprintSet: Sendable {
    private var slots: [UInt64]
    public private(set) var count = 0
    /// Zero marks an empty slot, so the value zero itself is kept apart.
    private var containsZero = false

    /// So many are provided for on somebody's word, which takes 43 MB.
    private static let mostBelieved = 4_000_000

    /// - Parameter expected: how many values there will be; more only cost the growing.
    public init(expected: Int) {
        slots = [UInt64](repeating: 0, count: max(16, min(expected, Self.mostBelieved) / 3 * 4 + 4))
    }

    /// Adds a value; false when it was there already.
    public mutating func insert(_ value: UInt64) -> Bool {
        if value == 0 {
            defer { containsZero = true }
            if !containsZero { count += 1 }
            return !containsZero
        }
        if count >= slots.count / 4 * 3 { grow() }
        let slot = Self.slot(of: value, in: slots)
        guard slots[slot] == 0 else { return false }
        slots[slot] = value
        count += 1
        return true
    }

    public func contains(_ value: UInt64) -> Bool {
        value == 0 ? containsZero : slots[Self.slot(of: value, in: slots)] == value
    }

    /// Where the value is, or the empty slot where it would be.
    @inline(__always)
    private static func slot(of value: UInt64, in slots: [UInt64]) -> Int {
        var slot = Int(truncatingIfNeeded: value.multipliedFullWidth(by: UInt64(truncatingIfNeeded: slots.count)).high)
        while slots[slot] != 0, slots[slot] != value {
            slot += 1
            if slot == slots.count { slot = 0 }
        }
        return slot
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: slots.count * 2)
        for value in slots where value != 0 { larger[Self.slot(of: value, in: larger)] = value }
        slots = larger
    }
}
