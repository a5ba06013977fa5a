import KernelState

/// A line above the live table; a warning needs the operator's eye.
typealias WatchFact = (text: String, isWarning: Bool)

/// The lines above the live table: totals by state, and how far the tables can be trusted.
enum WatchFacts {
    static func facts(of watches: [NamespaceWatch], connections: [Connection]) -> [WatchFact] {
        var facts: [WatchFact] = []
        facts.append((totals("conntrack", connections.compactMap { $0.conntrack.map(state) }), false))
        facts.append((totals("ipvs", connections.compactMap { $0.ipvs?.state.name }), false))
        return facts + coverage(of: watches)
    }

    /// How far the tables can be trusted.
    static func coverage(of watches: [NamespaceWatch]) -> [WatchFact] {
        var facts: [WatchFact] = []
        for watch in watches {
            let place = watches.count > 1 ? "\(watch.place.namespace.name): " : ""
            if let coverage = watch.conntrack { facts.append(line(place + "conntrack", coverage, watch.isReading ? ", reading" : "")) }
            if let coverage = watch.ipvsCoverage {
                facts.append(line(place + "ipvs", coverage, coverage.available ? ", read every \(seconds(watch.ipvsInterval))" : ""))
            }
            if watch.lost > 0 { facts.append(("\(place)\(watch.lost) events lost since the start, and made good by reading again", true)) }
        }
        return facts
    }

    private static func state(_ flow: Flow) -> String {
        guard let state = flow.state else { return flow.isUnreplied ? "UNREPLIED" : "REPLIED" }
        return flow.isUnreplied ? "\(state.name) UNREPLIED" : state.name
    }

    private static func totals(_ table: String, _ states: [String]) -> String {
        var counts: [String: Int] = [:]
        for state in states { counts[state, default: 0] += 1 }
        let words = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
        return "\(table) \(states.count): " + (words.isEmpty ? "none" : words.joined(separator: ", "))
    }

    private static func line(_ name: String, _ coverage: TableCoverage, _ suffix: String) -> WatchFact {
        guard coverage.available else { return ("\(name): \(coverage.reason ?? "not available")", true) }
        let word = coverage.complete ? "complete" : coverage.reason.map { "INCOMPLETE: \($0)" } ?? "not read yet"
        return ("\(name) \(word), \(coverage.read) entries read\(suffix)", !coverage.complete && coverage.reason != nil)
    }

    private static func seconds(_ interval: Double) -> String {
        interval < 10 ? "\(Double(Int(interval * 10)) / 10) s" : "\(Int(interval)) s"
    }
}
