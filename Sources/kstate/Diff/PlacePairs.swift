import KernelState

/// Which place of one reading is which of the other: by node and namespace, and where each has one alone, those two.
struct PlacePairs {
    /// Numbers by which both readings name their places.
    let before: [UInt16]
    let after: [UInt16]
    /// Indices of the places that both have.
    let common: [(before: Int, after: Int)]

    init(_ before: [Place], _ after: [Place]) {
        var names: [String: UInt16] = [:]
        let isSingle = before.count == 1 && after.count == 1
        func number(_ place: Place) -> UInt16 {
            let name = isSingle ? "" : "\(place.node)\n\(place.namespace.name)"
            let number = names[name] ?? UInt16(truncatingIfNeeded: names.count)
            names[name] = number
            return number
        }
        let left = before.map(number)
        let right = after.map(number)
        self.before = left
        self.after = right
        common = left.enumerated().compactMap { index, number in right.firstIndex(of: number).map { (index, $0) } }
    }
}
