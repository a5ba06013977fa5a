import Filters
import Glibc
import KernelState
import Rendering

/// What a watch is asked to follow, in whatever namespace.
struct WatchSelection {
    var filter: ConnectionFilter
    var mode: KernelFilterMode
    /// Whether all is wanted that is known of services, their counters too.
    var wholeServices = false

    /// What is known of the tables of a namespace that nobody holds any more.
    func tables(ofGone place: Place) -> ReportTables {
        let gone = TableCoverage.unavailable(
            KernelStateError(operation: "network namespace \(place.namespace.name)", cause: "nobody holds it any more", code: ENOENT))
        return ReportTables(conntrack: filter.table == .ipvs ? nil : gone, ipvs: filter.table == .conntrack ? nil : gone)
    }
}
