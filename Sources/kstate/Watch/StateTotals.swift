import KernelState

/// How many connections are in which state, by each table.
struct StateTotals {
    private struct FlowKind: Hashable {
        var state: FlowState?
        var isUnreplied: Bool

        var name: String {
            guard let state else { return isUnreplied ? "UNREPLIED" : "REPLIED" }
            return isUnreplied ? "\(state.name) UNREPLIED" : state.name
        }
    }

    private(set) var connections = 0
    private var flows: [FlowKind: Int] = [:]
    private var rows: [IPVSState: Int] = [:]

    mutating func add(_ connection: Connection) {
        connections += 1
        if let flow = connection.conntrack { flows[FlowKind(state: flow.state, isUnreplied: flow.isUnreplied), default: 0] += 1 }
        if let row = connection.ipvs { rows[row.state, default: 0] += 1 }
    }

    /// A line a table, the most frequent state first.
    var facts: [WatchFact] {
        [Self.line("conntrack", flows.map { ($0.name, $1) }), Self.line("ipvs", rows.map { ($0.name, $1) })].map { ($0, false) }
    }

    private static func line(_ table: String, _ counts: [(name: String, count: Int)]) -> String {
        let words = counts.sorted { ($1.count, $0.name) < ($0.count, $1.name) }.map { "\($0.name) \($0.count)" }
        let total = counts.reduce(0) { $0 + $1.count }
        return "\(table) \(total): " + (words.isEmpty ? "none" : words.joined(separator: ", "))
    }
}
