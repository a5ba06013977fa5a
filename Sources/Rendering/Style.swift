internal import Diagnosis
internal import KernelState

/// SGR sequences for states: what is well is green, what waits yellow, what nobody answered red.
enum Style {
    static let reset: StaticString = "\u{1b}[0m"
    static let bold: StaticString = "\u{1b}[1m"
    static let green: StaticString = "\u{1b}[32m"
    static let yellow: StaticString = "\u{1b}[33m"
    static let red: StaticString = "\u{1b}[31m"
    static let dim: StaticString = "\u{1b}[2m"

    static func of(_ column: Column, _ connection: Connection) -> StaticString? {
        switch column {
        case .conntrack:
            guard let flow = connection.conntrack else { return nil }
            if flow.status.contains(.dying) { return dim }
            if flow.isUnreplied { return red }
            switch flow.state {
            case .tcp(.established), .sctp(.established), .dccp(.open): return green
            case .tcp(.synSent), .tcp(.synRecv), .tcp(.synSent2): return yellow
            case .tcp, .sctp, .dccp: return dim
            default: return nil
            }
        case .ipvs:
            guard let row = connection.ipvs else { return nil }
            if row.hasEnded { return dim }
            if row.state == .established { return green }
            return row.state == .synRecv ? yellow : nil
        default: return nil
        }
    }

    static func of(_ severity: Severity) -> StaticString {
        switch severity {
        case .critical: "\u{1b}[1;31m"
        case .warning: "\u{1b}[1;33m"
        case .info: "\u{1b}[1;36m"
        }
    }
}
