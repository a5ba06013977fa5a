public import KernelState

/// What was read of a place at one moment, beside its connections.
public struct Sample: Sendable {
    /// Nanoseconds since 1970, UTC.
    public var takenAt: UInt64
    public var facts: NodeFacts
    public var services: [VirtualService]
    public var endpoints: ServingEndpoints
    /// How much of each table was seen; nil before the reading's end, and for a table that was not asked for.
    public var conntrack: TableCoverage?
    public var ipvs: TableCoverage?
    /// Where this sample stands among those of its place.
    public internal(set) var index = 0

    public init(takenAt: UInt64, facts: NodeFacts, services: [VirtualService]) {
        self.takenAt = takenAt
        self.facts = facts
        self.services = services
        endpoints = ServingEndpoints(services)
    }

    /// Seconds since an earlier sample.
    public func seconds(since earlier: Sample) -> Double {
        takenAt < earlier.takenAt ? 0 : Double(takenAt - earlier.takenAt) / 1e9
    }
}

/// What the rules are asked about in the end: all samples of one place.
public struct Case: Sendable {
    public let place: Place
    /// One at least, in the order of time.
    public let samples: [Sample]
    /// What a person may narrow the reading to: `--port`, for instance. Tables are then not wholly seen.
    public let isFiltered: Bool

    public var first: Sample { samples[0] }
    public var last: Sample { samples[samples.count - 1] }
    /// Seconds between the first sample and the last.
    public var seconds: Double { last.seconds(since: first) }

    public init(place: Place, samples: [Sample], isFiltered: Bool = false) {
        self.place = place
        self.samples = samples
        self.isFiltered = isFiltered
    }

    /// What to put before a command so that it acts in the case's network namespace.
    var commandPrefix: String {
        let name = place.namespace.name
        if name == "host" || name == "self" { return "" }
        if name.hasPrefix("pid ") { return "nsenter -t \(name.dropFirst(4)) -n " }
        let word = NextCommands.quoted(name)
        return name.hasPrefix("/") ? "nsenter --net=\(word) " : "ip netns exec \(word) "
    }
}
