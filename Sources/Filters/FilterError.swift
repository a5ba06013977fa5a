/// A filter that cannot be what the user meant: the option, what is wrong with it, and what would be right.
public struct FilterError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}
