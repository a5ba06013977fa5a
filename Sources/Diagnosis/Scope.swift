public import KernelState

/// What a person's filter leaves of a place: the rules say nothing of what was not asked about, nor count what they were not shown.
public struct Scope: Sendable {
    /// True when a part of the tables is hidden.
    public let isFiltered: Bool
    private let admitted: @Sendable (ServiceIdentity, Endpoint?) -> Bool
    private let hiding: @Sendable (ServiceIdentity) -> Bool

    /// All of a place.
    public static let whole = Scope(isFiltered: false, admits: { _, _ in true }, hidesConnections: { _ in false })

    /// - Parameters:
    ///   - isFiltered: whether a part of the tables is hidden.
    ///   - admits: whether a configured service, or a backend of it, is asked about.
    ///   - hidesConnections: whether the filter may hide connections of a service that is asked about.
    public init(
        isFiltered: Bool, admits: @escaping @Sendable (ServiceIdentity, Endpoint?) -> Bool,
        hidesConnections: @escaping @Sendable (ServiceIdentity) -> Bool
    ) {
        self.isFiltered = isFiltered
        admitted = admits
        hiding = hidesConnections
    }

    func admits(_ service: ServiceIdentity, backend: Endpoint) -> Bool { admitted(service, backend) }

    /// True for a service that is asked about, be it by one of its backends.
    func admits(_ service: ServiceIdentity, backends: some Sequence<Backend>) -> Bool {
        admitted(service, nil) || backends.contains { admitted(service, $0.endpoint) }
    }

    func hidesConnections(of service: ServiceIdentity) -> Bool { hiding(service) }
}
