public import KernelState

/// How bad a finding is.
public enum Severity: Int, Sendable, Comparable, CaseIterable {
    /// A setting or arrangement that may hurt one day.
    case info
    /// The tables or counters show connections that suffer.
    case warning
    /// A whole service suffers, or the node does.
    case critical

    public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }

    public var name: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .critical: "critical"
        }
    }
}

/// A number that a finding rests on.
public struct Measure: Hashable, Sendable {
    /// In the words of the JSON: `unreplied`, `renewed`, `insert_failed`.
    public var name: String
    public var value: UInt64

    public init(_ name: String, _ value: some BinaryInteger) {
        self.name = name
        self.value = UInt64(clamping: value)
    }
}

/// What is wrong, in one place, for one service, backend or flow: the evidence, the cause, the remedy and the next commands.
public struct Finding: Hashable, Sendable {
    /// As many connections as a finding carries, however many it is about.
    public static let connectionLimit = 5

    /// The rule's id.
    public var rule: String
    public var severity: Severity
    /// What is wrong, as a headline.
    public var title: String
    public var place: PlaceIndex = 0
    public var transport: TransportProtocol?
    public var service: Endpoint?
    public var backend: Endpoint?
    /// Where the packets were seen last, for a finding that holds two nodes against each other.
    public var lost: LossPlace?
    /// Findings of this rule and severity that this one stands for, itself counted in.
    public var count = 1
    /// What the others are about, the first few.
    public var others: [String] = []
    /// Sentences that say what was seen.
    public var evidence: [String] = []
    public var measures: [Measure] = []
    /// The very entries, as read last: at most ``connectionLimit``.
    public var connections: [Connection] = []
    /// Why it is so, in a sentence.
    public var cause: String
    public var remedy: String
    /// What to type next; never run by kstate.
    public var commands: [String] = []
    /// Public threads about it: `kubernetes/kubernetes#101607`.
    public var references: [String]

    public init(rule: String, severity: Severity, title: String, cause: String, remedy: String, references: [String]) {
        self.rule = rule
        self.severity = severity
        self.title = title
        self.cause = cause
        self.remedy = remedy
        self.references = references
    }

    /// Names what the finding is about: `tcp 10.96.0.10:80 -> 10.244.0.5:8080`, or its headline.
    public var subject: String {
        let ends = [service, backend].compactMap { $0?.description }.joined(separator: " -> ")
        if ends.isEmpty { return title }
        return transport.map { "\($0.name) \(ends)" } ?? ends
    }

    /// The address of a thread: `https://github.com/kubernetes/kubernetes/issues/101607`.
    public static func address(of reference: String) -> String {
        guard let mark = reference.firstIndex(of: "#") else { return reference }
        return "https://github.com/\(reference[..<mark])/issues/\(reference[reference.index(after: mark)...])"
    }
}

/// A rule that could not be checked, or not wholly, and what it needs.
public struct UncheckedRule: Hashable, Sendable {
    public var rule: String
    public var place: PlaceIndex
    public var reason: String

    public init(rule: String, place: PlaceIndex, reason: String) {
        self.rule = rule
        self.place = place
        self.reason = reason
    }
}

/// All that was found: the worst first.
public struct Diagnosis: Sendable {
    public var findings: [Finding] = []
    public var unchecked: [UncheckedRule] = []
    /// How far the nodes' clocks are apart, where there are several nodes and connections between them tell.
    public var clocks: [ClockReading] = []
    /// The ids of all rules that were asked.
    public var rules: [String] = []

    public init() {}

    public var worst: Severity? { findings.map(\.severity).max() }
}
