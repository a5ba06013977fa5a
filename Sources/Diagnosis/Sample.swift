public import KernelState

/// What was read of a place at one moment, beside its connections.
public struct Sample: Sendable {
    /// Nanoseconds since 1970, UTC.
    public let takenAt: UInt64
    public let facts: NodeFacts
    /// IPVS' own.
    public let services: [VirtualService]
    /// False where nobody saved them: that none is here then says nothing.
    let knowsServices: Bool
    public let names: ClusterNames
    let endpoints: ServingEndpoints
    /// How much of each table was seen; nil before the reading's end, and for a table that was not asked for.
    public internal(set) var conntrack: TableCoverage?
    public internal(set) var ipvs: TableCoverage?
    /// Where this sample stands among those of its place.
    public internal(set) var index = 0
    /// The backends that did not answer: the more samples say so, the surer.
    var silent: Set<BackendKey> = []

    /// - Parameters:
    ///   - takenAt: nanoseconds since 1970, UTC.
    ///   - facts: settings, counters and the network of that moment.
    ///   - services: IPVS' own.
    ///   - knowsServices: false where nobody saved them.
    ///   - names: the cluster's, where they were read.
    public init(takenAt: UInt64, facts: NodeFacts, services: [VirtualService], knowsServices: Bool = true, names: ClusterNames = ClusterNames()) {
        self.takenAt = takenAt
        self.facts = facts
        self.services = services
        self.knowsServices = knowsServices
        self.names = names
        endpoints = ServingEndpoints(services, names: names)
    }

    /// Seconds since an earlier sample.
    public func seconds(since earlier: Sample) -> Double {
        takenAt < earlier.takenAt ? 0 : Double(takenAt - earlier.takenAt) / 1e9
    }
}

/// Names a backend of a service.
struct BackendKey: Hashable, Sendable {
    var service: ServiceIdentity
    var backend: Endpoint
}
