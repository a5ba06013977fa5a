internal import KernelState

/// The IPVS table over a stretch of time, made of one reading after another: no event tells what became of a row between them.
struct RowReplay {
    private struct Known {
        var row: IPVSConnection
        var reading: UInt32
    }

    /// In the order in which they were first met.
    private var known: [Known] = []
    private var places: [UInt64: Int] = [:]
    private var reading: UInt32 = 0

    mutating func beginReading() { reading += 1 }

    /// A row that has ended and is read again lives again: IPVS has no name for it that tells the two apart.
    mutating func add(_ row: IPVSConnection) {
        let name = row.fingerprint.value
        if let index = places[name] {
            known[index] = Known(row: row, reading: reading)
        } else {
            places[name] = known.count
            known.append(Known(row: row, reading: reading))
        }
    }

    /// Ends a complete reading: what it did not meet has ended.
    mutating func endReading() {
        for index in known.indices where known[index].reading != reading {
            known[index].row.hasEnded = true
            known[index].row.expires = 0
        }
    }

    /// The rows that live, and then those that have ended.
    var rows: [IPVSConnection] {
        let rows = known.map(\.row)
        return rows.filter { !$0.hasEnded } + rows.filter(\.hasEnded)
    }
}
