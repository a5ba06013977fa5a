import Glibc
import KernelState

/// Which readings a diagnosis is made of: of a live place, the same source several times; of saved ones, each place's snapshots in
/// the order in which they were taken.
struct SamplePlan {
    struct Series {
        var place: Place
        var sources: [any StateSource]
    }

    let series: [Series]
    /// The number of readings of the place that has most.
    let samples: Int
    /// Seconds from one reading to the next; nil for readings that were made before.
    let interval: Double?

    var hasSeveralNodes: Bool { series.map(\.place).hasSeveralNodes }

    init(live sources: [any StateSource], samples: Int, interval: Double) {
        series = sources.map { Series(place: $0.place, sources: Array(repeating: $0, count: samples)) }
        self.samples = samples
        self.interval = interval
    }

    /// - Parameter sources: one for each place and moment. Those of one namespace of one node belong together.
    init(saved sources: [any StateSource]) {
        let inOrder = sources.sorted { $0.place.takenAt < $1.place.takenAt }
        series = Place.grouping(inOrder) { $0.place }.map { Series(place: $0[0].place, sources: $0) }
        samples = series.map(\.sources.count).max() ?? 0
        interval = nil
    }
}
