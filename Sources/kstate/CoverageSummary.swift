import Filters
import Glibc
import KernelState

/// How much of the tables was seen in all namespaces together, and what an operator must know about it.
struct CoverageSummary {
    private(set) var conntrack: TableCoverage?
    private(set) var ipvs: TableCoverage?
    /// Sentences for standard error.
    private(set) var notes: [String] = []
    private(set) var isFailure = false
    /// True when reading ended early because enough was seen: the tables are then not complete, and nobody asked that they be.
    var wasCutShort = false

    private let filter: ConnectionFilter
    private let isSingle: Bool

    init(filter: ConnectionFilter, isSingle: Bool) {
        self.filter = filter
        self.isSingle = isSingle
    }

    mutating func add(_ tables: ReadTables, of namespace: NetworkNamespace) {
        conntrack = CoverageSummary.sum(conntrack, tables.conntrack)
        ipvs = CoverageSummary.sum(ipvs, tables.ipvs)
        note(.conntrack, tables.conntrack, tables.error.conntrack, namespace)
        note(.ipvs, tables.ipvs, tables.error.ipvs, namespace)
        let available = [tables.conntrack, tables.ipvs].compactMap { $0 }.contains(where: \.available)
        if !available, isSingle { isFailure = true }
    }

    mutating func add(_ error: KernelStateError, of namespace: NetworkNamespace) {
        notes.append(prefix(namespace) + error.description)
        isFailure = true
    }

    private mutating func note(_ table: KernelTable, _ coverage: TableCoverage?, _ error: KernelStateError?, _ namespace: NetworkNamespace) {
        guard let coverage else { return }
        if let error {
            // A table that is not there is worth a word when only one namespace is looked at, and an error when it was asked for.
            let isAbsent = error.code == ENOENT
            if isSingle || !isAbsent { notes.append(prefix(namespace) + error.description) }
            if !isAbsent || filter.table == table { isFailure = true }
        } else if !coverage.complete, !wasCutShort, let reason = coverage.reason {
            notes.append("\(prefix(namespace))the \(table.rawValue) table is incomplete: \(reason), after \(coverage.passes) passes; try again")
            isFailure = true
        }
    }

    private func prefix(_ namespace: NetworkNamespace) -> String { isSingle ? "" : "namespace \(namespace.name): " }

    private static func sum(_ left: TableCoverage?, _ right: TableCoverage?) -> TableCoverage? {
        guard var sum = left else { return right }
        guard let right else { return sum }
        // A namespace without the module has no such table, which leaves the others' complete.
        if right.available || sum.available {
            if right.available, !right.complete { sum.complete = false } else if !sum.available { sum.complete = right.complete }
        }
        sum.available = sum.available || right.available
        sum.read += right.read
        sum.matched += right.matched
        sum.passes = max(sum.passes, right.passes)
        sum.undecodable += right.undecodable
        sum.kernelFiltered = sum.kernelFiltered || right.kernelFiltered
        sum.reason = sum.reason ?? right.reason
        return sum
    }
}
