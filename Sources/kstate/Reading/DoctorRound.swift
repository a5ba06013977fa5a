import Diagnosis
import Filters
import Glibc
import KernelState
import Rendering

/// Reads every place of a plan as often as it says, shows the rules what is read, and asks them.
struct DoctorRound {
    private let plan: SamplePlan
    private let filter: ConnectionFilter
    private let mode: KernelFilterMode
    private var examinations: [Examination]
    /// Holds the nodes' last readings against each other; nil where there is one node alone.
    private var comparison: NodeComparison?
    /// What each place's last reading saw.
    private var lastTables: [Int: ReadTables] = [:]
    private(set) var summary: CoverageSummary
    private let progress = ProgressLine()

    /// - Parameter isFiltered: whether the filter hides a part of the tables.
    init(_ plan: SamplePlan, filter: ConnectionFilter, mode: KernelFilterMode, isFiltered: Bool) {
        self.plan = plan
        self.filter = filter
        self.mode = mode
        let scope = Scope(
            isFiltered: isFiltered, admits: { filter.admits($0, backend: $1) }, hidesConnections: { filter.hidesConnections(of: $0) })
        examinations = plan.series.enumerated().map { Examination($1.place, at: PlaceIndex($0), scope: scope) }
        summary = CoverageSummary(filter: filter, places: plan.series.map(\.place))
        if plan.hasSeveralNodes {
            let last = plan.series.compactMap(\.sources.last)
            comparison = NodeComparison(last.map(\.place), last.map { $0.facts() })
        }
    }

    /// - Parameter names: on their way; they are waited for when the first reading begins.
    mutating func run(names loader: NamesLoader) -> FindingsReport {
        let names = loader.names(of: plan.series.flatMap(\.sources))
        let start = Host.uptime
        for sample in 0..<plan.samples {
            if let interval = plan.interval, sample > 0 { wait(until: start + Double(sample) * interval) }
            progress.show("kstate: reading \(sample + 1) of \(plan.samples)")
            for index in plan.series.indices { read(index, sample: sample, names) }
        }
        progress.end()
        for (index, series) in plan.series.enumerated() {
            if let tables = lastTables[index] { summary.add(tables, of: series.place) }
        }
        let diagnosis = Diagnosis.summary(of: examinations.map { $0.diagnosis() } + [compared()].compactMap { $0 })
        return FindingsReport(
            header: ReportHeader(places: plan.series.map(\.place)), diagnosis: diagnosis, samples: plan.samples,
            seconds: examinations.map(\.seconds).max() ?? 0,
            tables: ReportTables(conntrack: summary.conntrack, ipvs: summary.ipvs))
    }

    /// What becomes of the connections between the nodes, once every last reading has said which these are.
    private mutating func compared() -> Diagnosis? {
        for (index, series) in plan.series.enumerated() {
            guard comparison != nil, let last = series.sources.last else { continue }
            comparison?.end(lastTables[index]?.conntrack, at: PlaceIndex(index))
            TwinReading.forEachEntry(of: last) { comparison?.offer($0, at: PlaceIndex(index)) }
        }
        return comparison?.diagnosis()
    }

    private mutating func read(_ index: Int, sample: Int, _ names: ClusterNames) {
        let series = plan.series[index]
        guard series.sources.indices.contains(sample) else { return }
        let source = series.sources[sample]
        let takenAt = plan.interval == nil ? source.place.takenAt : Host.now
        let reading = TableReading(source, at: PlaceIndex(index), filter: filter, mode: mode, wholeServices: true)
        examinations[index].begin(
            Sample(
                takenAt: takenAt, facts: source.facts(), services: reading.services, knowsServices: reading.servicesError == nil, names: names))
        let isLast = sample == series.sources.count - 1
        let tables = reading.read(isEnough: { false }) { connection in
            examinations[index].see(connection)
            if isLast { comparison?.want(connection) }
        }
        examinations[index].end(conntrack: tables.conntrack, ipvs: tables.ipvs)
        lastTables[index] = tables
    }

    private func wait(until time: Double) {
        progress.show("kstate: waiting for the next reading")
        let left = time - Host.uptime
        if left > 0 { usleep(UInt32(left * 1_000_000)) }
    }
}
