internal import Conntrack
internal import KernelState

/// Reads the lines of a text with conntrack entries, whatever its format.
struct FlowTextParser: LineParser {
    private let kind: TextKind
    private let takenAt: UInt64
    private var interrupted = InterruptedLine()

    init(_ text: SavedText) { self.init(kind: text.kind, takenAt: text.modifiedAt) }

    /// - Parameter takenAt: when the text was made, in nanoseconds since 1970.
    init(kind: TextKind, takenAt: UInt64) {
        self.kind = kind
        self.takenAt = takenAt
    }

    mutating func parse(_ line: Line) -> LineResult<Flow> {
        if let start = Self.count(in: line.bytes) {
            interrupted.keep(line, before: start)
            return .nothing
        }
        if interrupted.isEmpty { return entry(line) }
        return interrupted.ended(by: line).withUnsafeBytes { entry(Line(number: line.number, bytes: $0, isTerminated: line.isTerminated)) }
    }

    /// Where `conntrack v1.4.7 (conntrack-tools): 15 flow entries have been shown.` begins in a line that ends with it.
    private static func count(in line: UnsafeRawBufferPointer) -> Int? {
        let end = "flow entries have been shown.".utf8
        guard line.last == UInt8(ascii: "."), line.count >= end.count, line.suffix(end.count).elementsEqual(end) else { return nil }
        return line.indices.last { TextKind.isCount(UnsafeRawBufferPointer(rebasing: line[$0...])) }
    }

    private func entry(_ line: Line) -> LineResult<Flow> {
        if line.bytes.isEmpty || TextKind.isCount(line.bytes) { return .nothing }
        switch kind {
        case .conntrackXML: return xmlEntry(line.bytes)
        case .conntrackSave:
            var parser = FlowSaveParser(line.bytes)
            return parser.flow().map(LineResult.entry) ?? .unreadable
        default:
            var parser = FlowLineParser(line.bytes, takenAt: takenAt)
            guard let flow = parser.flow(), line.isTerminated || flow.use > 0 else { return .unreadable }
            return .entry(flow)
        }
    }

    private func xmlEntry(_ line: UnsafeRawBufferPointer) -> LineResult<Flow> {
        var tags = TagCursor(line)
        guard let tag = tags.next() else { return .unreadable }
        if tag.isNamed("?xml") || tag.isNamed("conntrack") || tag.isNamed("/conntrack") { return .nothing }
        var parser = FlowXMLParser(line)
        return parser.entry().map(LineResult.entry) ?? .unreadable
    }
}

extension Flow {
    /// Names the entry; nil where its text does not tell it from others: ICMP's types and identifiers are not in XML.
    var importedName: UInt64? {
        if case .none = original.detail, transport.isICMP { return nil }
        return fingerprint.value
    }
}
