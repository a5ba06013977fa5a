/// Values by 64-bit fingerprints, in one dense array: a dictionary keeps every value in a slot of its own size, and up to two thirds of
/// the slots empty, which at a million connections is hundreds of megabytes.
///
/// Open addressing with linear probing over slots of 4 bytes. A value that goes leaves its place to the last one.
struct FingerprintTable<Value> {
    private(set) var keys: ContiguousArray<UInt64> = []
    private var values: ContiguousArray<Value> = []
    /// Position in ``keys`` and ``values``, plus one; zero marks an empty slot. Three quarters are full at most.
    private var slots = ContiguousArray<UInt32>(repeating: 0, count: 16)

    var isEmpty: Bool { keys.isEmpty }

    /// Every value with its key, in no order.
    func forEach(_ body: (UInt64, Value) -> Void) {
        for position in keys.indices { body(keys[position], values[position]) }
    }

    subscript(key: UInt64) -> Value? {
        get {
            let entry = slots[slot(of: key)]
            return entry == 0 ? nil : values[Int(entry) - 1]
        }
        set {
            let slot = slot(of: key)
            switch (slots[slot], newValue) {
            case (0, let value?): append(key, value, at: slot)
            case (0, nil): break
            case (let entry, let value?): values[Int(entry) - 1] = value
            case (let entry, nil): remove(at: slot, position: Int(entry) - 1)
            }
        }
    }

    /// Where the key is, or the empty slot where it would be.
    private func slot(of key: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key) & mask
        while slots[slot] != 0, keys[Int(slots[slot]) - 1] != key { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func append(_ key: UInt64, _ value: Value, at slot: Int) {
        keys.append(key)
        values.append(value)
        slots[slot] = UInt32(keys.count)
        if keys.count > slots.count / 4 * 3 { grow() }
    }

    private mutating func grow() {
        slots = ContiguousArray(repeating: 0, count: slots.count * 2)
        for (position, key) in keys.enumerated() { slots[slot(of: key)] = UInt32(position + 1) }
    }

    private mutating func remove(at slot: Int, position: Int) {
        close(slot)
        let last = keys.count - 1
        if position != last {
            slots[self.slot(of: keys[last])] = UInt32(position + 1)
            keys[position] = keys[last]
            values.swapAt(position, last)
        }
        keys.removeLast()
        values.removeLast()
    }

    /// Empties a slot, and moves up what had to pass over it.
    private mutating func close(_ slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var next = (hole + 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: keys[Int(slots[next]) - 1]) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }
}

extension FingerprintTable: Sendable where Value: Sendable {}
