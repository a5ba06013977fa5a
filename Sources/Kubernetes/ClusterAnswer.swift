public import KernelState

/// The names that were got, and what the user must know about those that were not.
public struct ClusterAnswer: Sendable {
    public var names: ClusterNames
    /// Sentences, each with cause and remedy.
    public var notices: [String]
    /// False when a part of what was asked for could not be read.
    public var isComplete: Bool

    init(_ builder: NameBuilder, problems: [String]) {
        names = builder.names()
        notices = problems + builder.notices.lines + names.notices
        isComplete = problems.isEmpty
    }

    /// No names, and why.
    init(problem: KernelStateError) {
        names = ClusterNames()
        notices = [problem.description]
        isComplete = false
    }
}
