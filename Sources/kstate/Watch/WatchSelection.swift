import Filters

/// What a watch is asked to follow, in whatever namespace.
struct WatchSelection {
    var filter: ConnectionFilter
    var mode: KernelFilterMode
    /// Whether all is wanted that is known of services, their counters too.
    var wholeServices = false
}
