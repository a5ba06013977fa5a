import Filters
import Glibc
import KernelState
import Rendering

/// How much of the tables was seen in all places together, and what an operator must know about it.
struct CoverageSummary {
    private(set) var conntrack: TableCoverage?
    private(set) var ipvs: TableCoverage?
    /// Sentences for standard error.
    private(set) var notes: [String] = []
    private(set) var isFailure = false
    /// True when reading ended early because enough was seen: the tables are then not complete, and nobody asked that they be.
    var wasCutShort = false

    private let filter: ConnectionFilter
    private let places: [Place]

    init(filter: ConnectionFilter, places: [Place]) {
        self.filter = filter
        self.places = places
    }

    mutating func add(_ tables: ReadTables, of place: Place) {
        var tables = tables
        // Every node has conntrack: of several, the one without is the one of which it was not saved.
        if places.hasSeveralNodes { tables.conntrack?.isAbsent = false }
        conntrack = CoverageSummary.sum(conntrack, tables.conntrack)
        ipvs = CoverageSummary.sum(ipvs, tables.ipvs)
        note(.conntrack, tables.conntrack, tables.error.conntrack, place, isLive: tables.isLive)
        note(.ipvs, tables.ipvs, tables.error.ipvs, place, isLive: tables.isLive)
        if let error = tables.servicesError { notes.append("\(prefix(place))note: \(error)") }
        let available = [tables.conntrack, tables.ipvs].compactMap { $0 }.contains(where: \.available)
        if !available, isSingle { isFailure = true }
    }

    /// Remembers something that was asked for and is not shown.
    mutating func addFailure(_ sentence: String) {
        notes.append(sentence)
        isFailure = true
    }

    var tables: ReportTables { ReportTables(conntrack: conntrack, ipvs: ipvs) }

    /// Ends a report: writes what is left of it, then the notes.
    ///
    /// - Throws: ``ExitStatus`` when it could not be written, or does not show all that was asked for.
    func finish(_ sink: inout OutputSink) throws {
        guard try sink.finish() else { return }
        for note in notes { printError("kstate: \(note)") }
        if isFailure { throw ExitStatus.unreadable }
    }

    private mutating func note(
        _ table: KernelTable, _ coverage: TableCoverage?, _ error: KernelStateError?, _ place: Place, isLive: Bool
    ) {
        guard let coverage else { return }
        if let error {
            // A table that is not there is worth a word when only one place is looked at, and an error when it was asked for.
            if isSingle || !coverage.isAbsent { notes.append(prefix(place) + error.description) }
            if !coverage.isAbsent || filter.table == table { isFailure = true }
        } else if !coverage.complete, !wasCutShort, let reason = coverage.reason {
            notes.append("\(prefix(place))the \(table.rawValue) table is incomplete: \(reason)\(Self.remedy(coverage, isLive: isLive))")
            isFailure = true
        }
    }

    /// What helps: what was saved stays as it is, and only of a recording is there another moment to be asked for.
    private static func remedy(_ coverage: TableCoverage, isLive: Bool) -> String {
        if isLive { return ", after \(coverage.passes) passes; try again" }
        if let time = coverage.wholeUntil {
            // The millisecond before: --until takes all of the one that it names.
            return "; look at the time until \(String(time: time - min(time, 1_000_000))), or after the next sample"
        }
        // A text that another tool has saved was not read in passes.
        return coverage.passes > 0 ? ", after \(coverage.passes) passes, when it was saved" : ""
    }

    private var isSingle: Bool { places.count == 1 }

    /// Says of which place a note is, where there are several.
    private func prefix(_ place: Place) -> String {
        if isSingle { return "" }
        return places.hasSeveralNodes ? "\(place.node), \(place.namespace.name): " : "namespace \(place.namespace.name): "
    }

    /// The coverage of several places together.
    static func sum(_ tables: [ReportTables]) -> ReportTables {
        tables.reduce(ReportTables()) { ReportTables(conntrack: sum($0.conntrack, $1.conntrack), ipvs: sum($0.ipvs, $1.ipvs)) }
    }

    private static func sum(_ left: TableCoverage?, _ right: TableCoverage?) -> TableCoverage? {
        guard var sum = left else { return right }
        guard let right else { return sum }
        sum.complete = [sum, right].contains(where: \.complete) && [sum, right].allSatisfy { $0.complete || $0.isAbsent }
        sum.isAbsent = sum.isAbsent && right.isAbsent
        sum.available = sum.available || right.available
        sum.read += right.read
        sum.matched += right.matched
        sum.passes = max(sum.passes, right.passes)
        sum.undecodable += right.undecodable
        sum.kernelFiltered = sum.kernelFiltered || right.kernelFiltered
        sum.reason = sum.reason ?? right.reason
        sum.wholeUntil = [sum.wholeUntil, right.wholeUntil].compactMap { $0 }.min()
        return sum
    }
}
