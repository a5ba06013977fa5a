/// Puts a line together again that a message has cut in two.
///
/// sos saves standard error with standard output, which comes in blocks: a message may stand in the middle of a line.
///
///     tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.conntrack v1.4.7 (conntrack-tools): 15 flow entries have been shown.
///     96.0.10 sport=1024 …
struct InterruptedLine {
    private var beginning: [UInt8] = []

    /// False after a line that a message has cut.
    var isEmpty: Bool { beginning.isEmpty }

    /// Keeps what stands before a message that begins at `start`.
    mutating func keep(_ line: Line, before start: Int) { beginning += line.bytes[..<start] }

    /// The whole of the line that ends with this one.
    mutating func ended(by line: Line) -> [UInt8] {
        defer { beginning = [] }
        return beginning + line.bytes
    }
}
