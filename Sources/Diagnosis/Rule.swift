import KernelState

/// Which connections a rule is shown.
struct Interest: Sendable {
    /// A connection is shown when it has all traits of one of these.
    var any: [ConnectionTraits]

    static let none = Interest(any: [])
    static func having(_ traits: ConnectionTraits...) -> Interest { Interest(any: traits) }

    func covers(_ traits: ConnectionTraits) -> Bool { any.contains { traits.isSuperset(of: $0) } }
}

/// What a rule has to say about a case.
struct RuleReport: Sendable {
    var findings: [Finding] = []
    /// Why the rule, or a part of it, could not be checked, and what it needs.
    var unchecked: String?

    static let silence = RuleReport()
    static func findings(_ findings: [Finding]) -> RuleReport { RuleReport(findings: findings) }
    static func unchecked(_ reason: String) -> RuleReport { RuleReport(unchecked: reason) }
}

/// One thing that can be wrong. A rule is shown the connections of each sample, keeps what it needs of them within bounds, and is
/// asked in the end. It changes nothing, and reads nothing itself.
protocol Rule: Sendable {
    /// Short and telling, in kebab case; it never changes.
    static var id: String { get }

    /// Rules whose findings about a backend are no news beside this one's about the same backend.
    static var explains: Set<String> { get }

    init()

    /// What the rule wants to be shown of a sample. The facts may decide: who looks for the talkers of a full table need not look
    /// at one that is nearly empty.
    func interest(in sample: Sample) -> Interest

    mutating func see(_ connection: Connection, in sample: Sample)

    func report(on subject: Case) -> RuleReport
}

extension Rule {
    static var explains: Set<String> { [] }
    var id: String { Self.id }
    func interest(in sample: Sample) -> Interest { .none }
    mutating func see(_ connection: Connection, in sample: Sample) {}
}
