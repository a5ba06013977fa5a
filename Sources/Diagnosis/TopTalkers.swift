import KernelState

/// The keys that occur most often in a stream, within a fixed number of counters (Misra and Gries): a key that makes up more than
/// one part in ``limit`` is among them, with a count that is never too high.
struct TopTalkers<Key: Hashable & Sendable>: Sendable {
    private let limit: Int
    private var counts: [Key: Int] = [:]
    private(set) var total = 0

    init(limit: Int = 64) { self.limit = limit }

    mutating func add(_ key: Key) {
        total += 1
        if let count = counts[key] {
            counts[key] = count + 1
        } else if counts.count < limit {
            counts[key] = 1
        } else {
            for (other, count) in counts { counts[other] = count > 1 ? count - 1 : nil }
        }
    }

    /// The most frequent first.
    func top(_ number: Int) -> [(key: Key, count: Int)] {
        counts.sorted { $0.value > $1.value }.prefix(number).map { ($0.key, $0.value) }
    }
}
