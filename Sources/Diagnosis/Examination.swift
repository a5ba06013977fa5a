import Correlation
public import KernelState

/// Shows the samples of one place to the rules, and asks them.
public struct Examination {
    private let place: Place
    private let index: PlaceIndex
    private let scope: Scope
    private var rules: [any Rule]
    private var samples: [Sample] = []
    /// The sample that is being read; none has its index before the first has begun.
    private var sample = Sample(takenAt: 0, facts: NodeFacts(), services: [])
    /// The rules that want a connection, by its traits: filled as traits occur.
    private var audience: [[Int]?] = []
    private var interests: [Interest] = []
    private var tally = ServiceTally()
    private var services: [ServiceState] = []

    /// - Parameters:
    ///   - place: what is examined.
    ///   - index: where the place stands among the report's.
    ///   - scope: what a person's filter leaves of it.
    public init(_ place: Place, at index: PlaceIndex, scope: Scope = .whole) {
        self.init(place, at: index, scope: scope, rules: RuleBook.rules())
    }

    init(_ place: Place, at index: PlaceIndex, scope: Scope = .whole, rules: [any Rule]) {
        self.place = place
        self.index = index
        self.scope = scope
        self.rules = rules
    }

    /// Begins a sample, before its connections.
    public mutating func begin(_ sample: Sample) {
        var sample = sample
        sample.index = samples.count
        self.sample = sample
        interests = rules.map { $0.interest(in: sample) }
        tally = ServiceTally()
        tally.begin(index, services: sample.services, knowsServices: sample.knowsServices, facts: sample.facts, takenAt: sample.takenAt)
        audience = [[Int]?](repeating: nil, count: ConnectionTraits.combinations)
    }

    /// Counts a connection of the sample in, and shows it to the rules that want such.
    @inline(__always)
    public mutating func see(_ connection: Connection) {
        tally.add(connection)
        let traits = ConnectionTraits(connection)
        if let listeners = audience[Int(traits.rawValue)] {
            if listeners.isEmpty { return }
            show(connection, to: listeners)
        } else {
            let listeners = interests.indices.filter { interests[$0].covers(traits) }
            audience[Int(traits.rawValue)] = listeners
            show(connection, to: listeners)
        }
    }

    private mutating func show(_ connection: Connection, to listeners: [Int]) {
        for listener in listeners { rules[listener].see(connection, in: sample) }
    }

    /// Ends the sample, with how much of each table was seen; nil for one that was not asked for.
    public mutating func end(conntrack: TableCoverage?, ipvs: TableCoverage?) {
        services = tally.services()
        for service in services {
            for backend in service.backends where backend.verdict == .silent {
                sample.silent.insert(BackendKey(service: service.identity, backend: backend.endpoint))
            }
        }
        sample.conntrack = conntrack
        sample.ipvs = ipvs
        samples.append(sample)
    }

    /// Seconds from the first sample to the last.
    public var seconds: Double {
        guard let first = samples.first, let last = samples.last else { return 0 }
        return last.seconds(since: first)
    }

    /// What the rules say; nothing when no sample was read.
    public func diagnosis() -> Diagnosis {
        var diagnosis = Diagnosis()
        diagnosis.rules = rules.map(\.id)
        guard !samples.isEmpty else { return diagnosis }
        let subject = Case(place: place, samples: samples, services: services, scope: scope)
        for rule in rules {
            let report = rule.report(on: subject)
            for var finding in report.findings {
                finding.place = index
                diagnosis.findings.append(finding)
            }
            if let reason = report.unchecked { diagnosis.unchecked.append(UncheckedRule(rule: rule.id, place: index, reason: reason)) }
        }
        dropExplained(from: &diagnosis)
        return diagnosis
    }

    /// Leaves out what a more telling finding has said already: a backend that cannot be reached through itself is silent too.
    private func dropExplained(from diagnosis: inout Diagnosis) {
        struct Subject: Hashable {
            var rule: String
            var service: Endpoint?
            var backend: Endpoint
        }
        let explains = Dictionary(rules.map { ($0.id, type(of: $0).explains) }, uniquingKeysWith: { first, _ in first })
        var explained: Set<Subject> = []
        for finding in diagnosis.findings {
            guard let backend = finding.backend else { continue }
            for rule in explains[finding.rule] ?? [] {
                explained.insert(Subject(rule: rule, service: finding.service, backend: backend))
            }
        }
        diagnosis.findings.removeAll { finding in
            guard let backend = finding.backend else { return false }
            return explained.contains(Subject(rule: finding.rule, service: finding.service, backend: backend))
        }
    }
}
