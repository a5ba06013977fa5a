import KernelState

/// Destinations that were translated, within a bound.
struct TranslatedDestinations: Sendable {
    private static let limit = 16_384
    private var seen: Set<Endpoint> = []

    mutating func note(_ destination: Endpoint) {
        if seen.count < Self.limit { seen.insert(destination) }
    }

    func contains(_ destination: Endpoint) -> Bool { seen.contains(destination) }
}
