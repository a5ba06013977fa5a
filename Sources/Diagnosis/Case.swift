import Correlation
import KernelState

/// What the rules are asked about in the end: all samples of one place.
struct Case: Sendable {
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
