import KernelState

/// A line above the live table; a warning needs the operator's eye.
typealias WatchFact = (text: String, isWarning: Bool)

/// The lines above the live table that say how far the tables can be trusted: as few for a hundred namespaces as for one.
enum WatchFacts {
    /// Namespaces whose trouble has a line of its own.
    private static let mostNamed = 3

    private struct Standing {
        var place: String
        var coverage: TableCoverage
    }

    static func coverage(of watched: WatchedNamespaces) -> [WatchFact] {
        let watches = watched.watches
        let isSingle = watched.places.count == 1
        let conntrack = watches.compactMap { watch in watch.conntrack.map { Standing(place: watch.place.namespace.name, coverage: $0) } }
        let ipvs = watches.compactMap { watch in watch.ipvsCoverage.map { Standing(place: watch.place.namespace.name, coverage: $0) } }
        let interval = watches.filter { $0.ipvsCoverage?.available == true }.map(\.ipvsInterval).max() ?? 0
        let end = watched.mayComeBack ? ", and waited for" : ""
        return watched.missing.map { ("network namespace \($0.namespace.name) is gone\(end)", true) }
            + lines("conntrack", conntrack, watched.areRead ? "" : ", reading", isSingle)
            + lines("ipvs", ipvs, ", read every \(seconds(interval))", isSingle) + losses(watches, isSingle)
    }

    /// What is so in several namespaces is said once.
    private static func lines(_ table: String, _ standings: [Standing], _ suffix: String, _ isSingle: Bool) -> [WatchFact] {
        func named(_ standings: [Standing]) -> String { isSingle ? table : "\(table) in \(counted(standings.count, "namespace"))" }
        func read(_ standings: [Standing]) -> String { "\(standings.reduce(0) { $0 + $1.coverage.read }) entries read" }
        let there = standings.filter(\.coverage.available)
        let whole = there.filter(\.coverage.complete)
        let unread = there.filter { !$0.coverage.complete && $0.coverage.reason == nil }
        var facts: [WatchFact] = []
        if !whole.isEmpty { facts.append(("\(named(whole)) complete, \(read(whole))\(suffix)", false)) }
        if !unread.isEmpty { facts.append(("\(named(unread)) not read yet, \(read(unread))\(suffix)", false)) }
        for (reason, standings) in byReason(standings.filter { !$0.coverage.available }) { facts.append(("\(named(standings)): \(reason)", true)) }
        return facts + incomplete(table, there.filter { !$0.coverage.complete && $0.coverage.reason != nil }, isSingle)
    }

    private static func byReason(_ standings: [Standing]) -> [(reason: String, standings: [Standing])] {
        let groups = Dictionary(grouping: standings) { $0.coverage.reason ?? "not available" }
        return groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map { ($0.key, $0.value) }
    }

    private static func incomplete(_ table: String, _ standings: [Standing], _ isSingle: Bool) -> [WatchFact] {
        var facts: [WatchFact] = standings.prefix(mostNamed).map { standing in
            let place = isSingle ? "" : "\(standing.place): "
            let (reason, read) = (standing.coverage.reason ?? "", standing.coverage.read)
            return ("\(place)\(table) INCOMPLETE: \(reason), \(read) entries read", true)
        }
        let others = standings.count - facts.count
        if others > 0 { facts.append(("\(table) INCOMPLETE in \(counted(others, "namespace")) more", true)) }
        return facts
    }

    private static func losses(_ watches: [NamespaceWatch], _ isSingle: Bool) -> [WatchFact] {
        let losing = watches.filter { $0.lost > 0 }
        guard !losing.isEmpty else { return [] }
        let place = isSingle ? "" : " in \(counted(losing.count, "namespace"))"
        return [("\(losing.reduce(0) { $0 + $1.lost }) events lost since the start\(place), and made good by reading again", true)]
    }

    private static func seconds(_ interval: Double) -> String {
        interval < 10 ? "\(Double(Int(interval * 10)) / 10) s" : "\(Int(interval)) s"
    }
}
