internal import IPVS
internal import KernelState

/// What other tools print, and kstate reads.
public enum TextKind: String, Sendable, CaseIterable {
    case conntrackLines = "conntrack -L or /proc/net/nf_conntrack"
    case conntrackSave = "conntrack -L -o save"
    case conntrackXML = "conntrack -L -o xml"

    /// True for those that hold conntrack entries.
    var holdsFlows: Bool { [.conntrackLines, .conntrackSave, .conntrackXML].contains(self) }

    /// Recognises a text by one of its first lines; nil when that line tells nothing.
    init?(recognising line: UnsafeRawBufferPointer) {
        let words = LineWords(line)
        var save = FlowSaveParser(line)
        var flow = FlowLineParser(line, takenAt: 0)
        if words.begins(line.indices, "<conntrack>") || words.begins(line.indices, "<flow>") {
            self = .conntrackXML
        } else if save.flow() != nil {
            self = .conntrackSave
        } else if flow.flow() != nil || Self.isCount(line) {
            self = .conntrackLines
        } else {
            return nil
        }
    }

    /// `conntrack v1.4.7 (conntrack-tools): 16 flow entries have been shown.`, which stands alone where the table is empty.
    static func isCount(_ line: UnsafeRawBufferPointer) -> Bool { LineWords(line).begins(line.indices, "conntrack v") }
}
