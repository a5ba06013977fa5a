import Correlation
import Filters
import KernelState
import Rendering

/// Adds the connections of every place up to services, in one reading of the tables.
struct ServiceReading {
    let filter: ConnectionFilter
    let mode: KernelFilterMode
    let names: ReportNames?

    /// The services, and how much of the tables they were counted from.
    func read(_ sources: [any StateSource]) -> (services: [ServiceState], leftOut: Int, summary: CoverageSummary) {
        var summary = CoverageSummary(filter: filter, places: sources.map(\.place))
        var tally = ServiceTally()
        for (index, source) in sources.enumerated() {
            summary.add(read(source, at: PlaceIndex(index), into: &tally), of: source.place)
        }
        if tally.leftOut > 0 {
            summary.addFailure("\(tally.leftOut) connections are in no service here: there are more backends than are counted; narrow the filter")
        }
        return (services(of: tally), tally.leftOut, summary)
    }

    /// What is wanted of the services that were counted, with their names.
    func services(of tally: ServiceTally) -> [ServiceState] {
        let selectedOnly = filter.selectsByConnections
        let counted = tally.services(selectedOnly: selectedOnly) { filter.admits($0, backend: $1) }
        guard let names else { return counted }
        return names.look { names in counted.named(by: copy names) { !selectedOnly && filter.admits($0, backend: $1) } }
    }

    private func read(_ source: any StateSource, at place: PlaceIndex, into tally: inout ServiceTally) -> ReadTables {
        let reading = TableReading(source, at: place, filter: filter.ofServices, mode: mode, wholeServices: true)
        tally.begin(
            place, services: reading.services, knowsServices: reading.servicesError == nil, facts: source.facts(), takenAt: source.place.takenAt)
        let isPicky = filter.selectsByConnections
        return reading.read(isEnough: { false }) { connection in
            tally.add(connection, isSelected: !isPicky || filter.admits(connection))
        }
    }
}
