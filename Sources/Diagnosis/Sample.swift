import Correlation
public import KernelState

/// What was read of a place at one moment, beside its connections.
public struct Sample: Sendable {
    /// Nanoseconds since 1970, UTC.
    public let takenAt: UInt64
    public let facts: NodeFacts
    /// IPVS' own.
    public let services: [VirtualService]
    public let names: ClusterNames
    public let endpoints: ServingEndpoints
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
    ///   - names: the cluster's, where they were read.
    public init(takenAt: UInt64, facts: NodeFacts, services: [VirtualService], names: ClusterNames = ClusterNames()) {
        self.takenAt = takenAt
        self.facts = facts
        self.services = services
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

/// What the rules are asked about in the end: all samples of one place.
public struct Case: Sendable {
    let place: Place
    /// One at least, in the order of time.
    let samples: [Sample]
    /// The services as the last sample's connections show them, each backend with its verdict.
    let services: [ServiceState]
    /// What a person's filter leaves of the place.
    let scope: Scope
    let routes: RouteLookup

    var first: Sample { samples[0] }
    var last: Sample { samples[samples.count - 1] }
    /// Seconds between the first sample and the last.
    var seconds: Double { last.seconds(since: first) }

    init(place: Place, samples: [Sample], services: [ServiceState], scope: Scope = .whole) {
        self.place = place
        self.samples = samples
        self.services = services
        self.scope = scope
        routes = RouteLookup(samples[samples.count - 1].facts)
    }

    /// A setting, as it was last.
    func setting(_ name: String) -> UInt64? { last.facts.number(name) }

    /// What to put before a command so that it acts in the case's network namespace.
    var commandPrefix: String {
        let name = place.namespace.name
        if name == "host" || name == "self" { return "" }
        if name.hasPrefix("pid ") { return "nsenter -t \(name.dropFirst(4)) -n " }
        let word = NextCommands.quoted(name)
        return name.contains("/") ? "nsenter --net=\(word) " : "ip netns exec \(word) "
    }
}
