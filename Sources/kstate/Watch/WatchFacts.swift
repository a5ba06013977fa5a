import KernelState

/// A line above the live table; a warning needs the operator's eye.
typealias WatchFact = (text: String, isWarning: Bool)

/// The lines above the live table that say how far the tables can be trusted.
enum WatchFacts {
    static func coverage(of watched: WatchedNamespaces) -> [WatchFact] {
        var facts: [WatchFact] = watched.missing.map { ("network namespace \($0.namespace.name) is gone, and waited for", true) }
        for watch in watched.watches {
            let place = watched.places.count > 1 ? "\(watch.place.namespace.name): " : ""
            if let coverage = watch.conntrack { facts.append(line(place + "conntrack", coverage, watch.isReading ? ", reading" : "")) }
            if let coverage = watch.ipvsCoverage {
                facts.append(line(place + "ipvs", coverage, coverage.available ? ", read every \(seconds(watch.ipvsInterval))" : ""))
            }
            if watch.lost > 0 { facts.append(("\(place)\(watch.lost) events lost since the start, and made good by reading again", true)) }
        }
        return facts
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
