import Correlation
import Filters
import Glibc
import KernelState

/// The tables of one place, opened, each with the reason where it is not there.
struct TableReading {
    private var conntrack: (any EntrySource<Flow>)?
    private var ipvs: (any EntrySource<IPVSConnection>)?
    private(set) var services: [VirtualService] = []
    /// Why the services are not known, where their connections may be all the same: other tools print the two apart.
    private(set) var servicesError: KernelStateError?
    private let wantsServices: Bool
    private var error: (conntrack: KernelStateError?, ipvs: KernelStateError?)
    private let filter: ConnectionFilter
    private let place: PlaceIndex
    private let isLive: Bool

    /// Opens what `filter` asks for. What cannot be opened is remembered, not thrown: the other table is still worth seeing.
    ///
    /// - Parameter wholeServices: whether all is wanted that is known of services, their counters too, rather than what a join takes.
    init(
        _ source: any StateSource, at place: PlaceIndex, filter: ConnectionFilter, list: ConntrackList = .confirmed,
        mode: KernelFilterMode, wholeServices: Bool = false
    ) {
        self.filter = filter
        self.place = place
        isLive = source is LiveSource
        wantsServices = wholeServices
        if filter.table != .conntrack, list == .confirmed {
            do throws(KernelStateError) { services = try source.services(whole: wholeServices) } catch { servicesError = error }
            openIPVS(source)
        }
        if filter.table != .ipvs {
            do throws(KernelStateError) {
                conntrack = try source.openConntrack(
                    list, walks: TableReading.walks(source, filter, mode, joinsIPVS: !services.isEmpty),
                    selection: filter.portSelection(relatedServices: filter.relatedServices(of: services)))
            } catch {
                self.error.conntrack = error
            }
        }
    }

    private mutating func openIPVS(_ source: any StateSource) {
        if let servicesError, servicesError.code != ENOENT {
            error.ipvs = servicesError
            return
        }
        do throws(KernelStateError) { ipvs = try source.openIPVS() } catch { self.error.ipvs = servicesError ?? error }
    }

    static func walks(
        _ source: any StateSource, _ filter: ConnectionFilter, _ mode: KernelFilterMode, joinsIPVS: Bool
    ) -> [KernelWalk]? {
        let plan = KernelFilterPlan(filter, kernel: KernelVersion(release: source.place.kernel))
        // The size is looked up last: it takes reading the books of the whole slab allocator.
        guard mode != .never, plan.isPossible, let size = source.conntrackSize else { return nil }
        return plan.walks(mode, of: size, joinsIPVS: joinsIPVS)
    }

    /// Reads both tables to their ends, joined, and hands out what the filter admits.
    ///
    /// - Returns: how much was seen of each table that was asked for.
    func read(isEnough: @escaping () -> Bool, _ emit: (Connection) -> Void) -> ReadTables {
        let filter = filter
        let related = filter.relatedServices(of: services)
        let reader = ConnectionReader(
            services: ServiceIndex(services), wantsFlow: { filter.mayAdmit($0, relatedServices: related) },
            wantsRow: { filter.mayAdmit($0) }, isEnough: isEnough)
        var matched = (conntrack: 0, ipvs: 0)
        let errors = reader.read(flows: conntrack, rows: ipvs) { connection in
            guard filter.admits(connection), !isEnough() else { return }
            if connection.conntrack != nil { matched.conntrack += 1 }
            if connection.ipvs != nil { matched.ipvs += 1 }
            var connection = connection
            connection.place = place
            emit(connection)
        }
        var tables = ReadTables(isLive: isLive, error: (conntrack: error.conntrack ?? errors.flows, ipvs: error.ipvs ?? errors.rows))
        if wantsServices, tables.error.ipvs == nil { tables.servicesError = servicesError }
        let wasCutShort = isEnough()
        if filter.table != .ipvs {
            tables.conntrack = Self.coverage(conntrack?.coverage, tables.error.conntrack, matched.conntrack, wasCutShort)
        }
        if filter.table != .conntrack { tables.ipvs = Self.coverage(ipvs?.coverage, tables.error.ipvs, matched.ipvs, wasCutShort) }
        return tables
    }

    /// A table that was not there, or whose reading failed, is not available. Of one whose reading was cut short, what was handed out
    /// is all that was looked at: how much more had come by then is the source's affair.
    private static func coverage(
        _ seen: TableCoverage?, _ error: KernelStateError?, _ matched: Int, _ wasCutShort: Bool
    ) -> TableCoverage {
        var coverage = seen ?? TableCoverage(available: true, complete: false)
        if wasCutShort {
            coverage.complete = false
            coverage.read = matched
        }
        if let error { coverage = .unavailable(error) }
        coverage.matched = matched
        return coverage
    }
}

/// What was seen of the tables that were asked for, and why one was not there.
struct ReadTables {
    var conntrack: TableCoverage?
    var ipvs: TableCoverage?
    /// Why the services are not known, though connections of theirs may be.
    var servicesError: KernelStateError?
    /// Read from the kernel, of which another reading may see more.
    let isLive: Bool
    var error: (conntrack: KernelStateError?, ipvs: KernelStateError?)
}
