import KernelState
import Rendering
import Terminal

/// The live screen of `kstate service --watch`: the tree of services, looked at once an interval.
struct ServiceContent: LiveContent {
    var header: ReportHeader
    private var counts: WatchedServices
    private let interval: Double
    private var shown: [ServiceState] = []
    private var leftOut = 0
    private var lookedAt = -Double.infinity
    private var hasSeenAll = false

    init(header: ReportHeader, counts: WatchedServices, interval: Double) {
        self.header = header
        self.counts = counts
        self.interval = interval
    }

    var columns: [ServiceColumn] { ServiceColumn.live.told(of: shown) }
    var noun: String { "services" }
    var sort: String { counts.order.text }

    mutating func sortByNextKey() {
        counts.order = counts.order.next
        shown = counts.order.sorted(shown)
    }

    mutating func take(_ event: WatchEvent) { counts.take(event) }

    mutating func show(_ watched: WatchedNamespaces, at time: Double, first count: Int) -> LiveView<ServiceRow> {
        // The first readings fill the screen as soon as there is something, and again once they are whole; then rates need their time.
        let isWhole = watched.areRead
        if shown.isEmpty || (isWhole && !hasSeenAll) || time - lookedAt >= interval {
            hasSeenAll = hasSeenAll || isWhole
            let look = counts.look(watched.watches, at: time)
            shown = look.services
            leftOut = look.leftOut
            lookedAt = time
        }
        let rows = shown.flatMap { ServiceRow.tree($0) }.map { LiveRow($0, mark: .none) }
        return LiveView(rows: rows, total: rows.count, facts: facts(watched))
    }

    private func facts(_ watched: WatchedNamespaces) -> [WatchFact] {
        let backends = shown.flatMap(\.backends)
        let verdicts = BackendVerdict.allCases.compactMap { verdict in
            let count = backends.count { $0.verdict == verdict }
            return count > 0 ? "\(verdict.rawValue) \(count)" : nil
        }
        let words = verdicts.isEmpty ? "none" : verdicts.joined(separator: ", ")
        var facts: [WatchFact] = [("services \(shown.count), backends \(backends.count): \(words)", false)]
        if leftOut > 0 { facts.append(("\(leftOut) connections left out: more backends than are counted", true)) }
        return facts + WatchFacts.coverage(of: watched)
    }
}
