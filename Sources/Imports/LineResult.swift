/// What a line of a text says.
enum LineResult<Entry> {
    case entry(Entry)
    /// A heading, a line without anything on it, or what a tool says at the end.
    case nothing
    case unreadable
}

/// Reads the lines of one text in their order.
protocol LineParser<Entry> {
    associatedtype Entry

    mutating func parse(_ line: Line) -> LineResult<Entry>
}
