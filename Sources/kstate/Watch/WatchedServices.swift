import Correlation
import Filters
import KernelState
import Rendering

/// The services of a watch, counted anew at every look from the connections that it follows, and what happened since the last look.
struct WatchedServices {
    private let reading: ServiceReading
    var order: ServiceOrder
    private var rates = ServiceRates()
    private var lookedAt: Double?

    init(reading: ServiceReading, order: ServiceOrder) {
        self.reading = reading
        self.order = order
    }

    mutating func take(_ event: WatchEvent) {
        switch event {
        case .new(let connection, existing: false): rates.note(.new, connection)
        case .end(let connection): rates.note(.end, connection)
        case .new, .change, .lost, .resync: break
        }
    }

    /// The services as they are at `time`, on the clock of `Host.uptime`.
    ///
    /// - Returns: how many seconds the rates are taken over, too; nil at the first look, which has none.
    mutating func look(_ watches: [NamespaceWatch], at time: Double) -> (services: [ServiceState], leftOut: Int, seconds: Double?) {
        var tally = ServiceTally()
        let isPicky = reading.filter.selectsByConnections
        for watch in watches {
            tally.begin(watch.index, services: watch.services, facts: watch.facts, takenAt: Host.now)
            watch.view.forEach(at: time) { tally.add($0, isSelected: !isPicky || reading.filter.admits($0)) }
        }
        rates.keep(Set(watches.map(\.index)))
        let seconds = lookedAt.map { max(time - $0, 0.001) }
        if let seconds { rates.move(to: &tally, over: seconds) } else { rates.reset() }
        lookedAt = time
        return (order.sorted(reading.services(of: tally)), tally.leftOut, seconds)
    }
}
