/// The first of many in an order, without keeping much more than those.
public struct FirstInOrder<Element> {
    private let limit: Int
    private let precedes: (Element, Element) -> Bool
    private var kept: [Element] = []

    /// - Parameters:
    ///   - limit: how many are wanted.
    ///   - precedes: the order.
    public init(_ limit: Int, by precedes: @escaping (Element, Element) -> Bool) {
        self.limit = limit
        self.precedes = precedes
    }

    public mutating func add(_ element: Element) {
        kept.append(element)
        // Seldom enough that the sorting costs little for each, and soon enough that little more is kept than is wanted.
        if kept.count / 2 >= max(limit, 500) { cut() }
    }

    /// Those that are wanted, in order.
    public mutating func sorted() -> [Element] {
        cut()
        return kept
    }

    private mutating func cut() {
        kept.sort(by: precedes)
        if kept.count > limit { kept.removeSubrange(limit...) }
    }
}
