/// A set of 64-bit fingerprints in one flat array: 8 bytes an entry at most three quarters full, 16 at the least after growing.
///
/// Open addressing with linear probing; the values are mixed already (``Fingerprint``), so their low bits are the slot.
public struct FingerprintSet: Sendable {
    private var slots: [UInt64]
    public private(set) var count = 0
    /// Zero marks an empty slot, so the value zero itself is kept apart.
    private var containsZero = false

    /// - Parameter expected: how many values there will be; more only cost the growing.
    public init(expected: Int) {
        var capacity = 16
        while capacity * 3 / 4 < expected { capacity *= 2 }
        slots = [UInt64](repeating: 0, count: capacity)
    }

    /// Adds a value; false when it was there already.
    public mutating func insert(_ value: UInt64) -> Bool {
        if value == 0 {
            defer { containsZero = true }
            if !containsZero { count += 1 }
            return !containsZero
        }
        if count >= slots.count / 4 * 3 { grow() }
        guard Self.place(value, in: &slots) else { return false }
        count += 1
        return true
    }

    public func contains(_ value: UInt64) -> Bool {
        if value == 0 { return containsZero }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: value) & mask
        while slots[index] != 0 {
            if slots[index] == value { return true }
            index = (index + 1) & mask
        }
        return false
    }

    private static func place(_ value: UInt64, in slots: inout [UInt64]) -> Bool {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: value) & mask
        while slots[index] != 0 {
            if slots[index] == value { return false }
            index = (index + 1) & mask
        }
        slots[index] = value
        return true
    }

    private mutating func grow() {
        var larger = [UInt64](repeating: 0, count: slots.count * 2)
        for value in slots where value != 0 { _ = Self.place(value, in: &larger) }
        slots = larger
    }
}
