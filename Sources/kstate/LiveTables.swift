public import Conntrack
public import Correlation
import Filters
public import IPVS
public import KernelState
import Netlink

extension ConntrackTable: EntrySource {
    public typealias Entry = Flow
}

extension IPVSConnectionTable: EntrySource {
    public typealias Entry = IPVSConnection
}

/// The tables of one namespace, opened inside it, each with the reason where it is not there.
struct LiveTables: ~Copyable {
    var conntrack: ConntrackTable?
    var conntrackError: KernelStateError?
    var ipvs: IPVSConnectionTable?
    var ipvsError: KernelStateError?
    var services: [VirtualService] = []
    let filter: ConnectionFilter

    /// Opens what `filter` asks for in the calling thread's namespace. What cannot be opened is remembered, not thrown: the
    /// other table is still worth seeing.
    init(filter: ConnectionFilter, list: ConntrackList = .confirmed, mode: KernelFilterMode) {
        self.filter = filter
        if filter.table != .conntrack, list == .confirmed {
            do throws(KernelStateError) {
                services = try IPVSAvailability.servicesFromProc()
                ipvs = try IPVSConnectionTable(withOrigin: false)
            } catch {
                ipvsError = error
            }
        }
        if filter.table != .ipvs {
            do throws(KernelStateError) {
                conntrack = try ConntrackTable(list, walks: LiveTables.walks(filter, mode, joinsIPVS: !services.isEmpty))
            } catch {
                conntrackError = error
            }
        }
    }

    static func walks(_ filter: ConnectionFilter, _ mode: KernelFilterMode, joinsIPVS: Bool) -> [KernelWalk]? {
        let plan = KernelFilterPlan(filter, kernel: Host.kernelVersion)
        let buckets = KernelFile.number(at: "/proc/sys/net/netfilter/nf_conntrack_buckets") ?? 0
        let entries = mode == .auto ? TableGauge.entriesOfAllNamespaces() : nil
        return plan.walks(mode, entries: entries, buckets: buckets, joinsIPVS: joinsIPVS)
    }

    /// Reads both tables to their ends, joined, and hands out what the filter admits.
    ///
    /// - Returns: how much was seen of each table that was asked for.
    mutating func read(
        namespace: UInt64, isEnough: @escaping () -> Bool, _ emit: (Connection) -> Void
    ) -> ReadTables {
        let filter = filter
        let related = filter.relatedServices(of: services)
        let reader = ConnectionReader(
            services: ServiceIndex(services), wantsFlow: { filter.mayAdmit($0, relatedServices: related) },
            wantsRow: { filter.mayAdmit($0) }, isEnough: isEnough)
        var matched = (conntrack: 0, ipvs: 0)
        let deliver: (Connection) -> Void = { connection in
            guard filter.admits(connection) else { return }
            if connection.conntrack != nil { matched.conntrack += 1 }
            if connection.ipvs != nil { matched.ipvs += 1 }
            var connection = connection
            connection.namespace = namespace
            emit(connection)
        }
        var tables = ReadTables(error: (conntrack: conntrackError, ipvs: ipvsError))
        if filter.table != .ipvs { tables.conntrack = LiveTables.coverage(conntrackError) }
        if filter.table != .conntrack { tables.ipvs = LiveTables.coverage(ipvsError) }
        readSources(reader, &tables, deliver)
        tables.conntrack?.matched = matched.conntrack
        tables.ipvs?.matched = matched.ipvs
        return tables
    }

    private static func coverage(_ error: KernelStateError?) -> TableCoverage {
        error.map { .unavailable($0.description) } ?? TableCoverage(available: true, complete: false)
    }

    private mutating func readSources(_ reader: ConnectionReader, _ tables: inout ReadTables, _ deliver: (Connection) -> Void) {
        var noFlows = EmptySource<Flow>(.unavailable(""))
        var noRows = EmptySource<IPVSConnection>(.unavailable(""))
        if var flows = conntrack.take() {
            if var rows = ipvs.take() {
                tables.add(reader.read(flows: &flows, rows: &rows, deliver), flows: flows.coverage, rows: rows.coverage)
            } else {
                tables.add(reader.read(flows: &flows, rows: &noRows, deliver), flows: flows.coverage, rows: nil)
            }
        } else if var rows = ipvs.take() {
            tables.add(reader.read(flows: &noFlows, rows: &rows, deliver), flows: nil, rows: rows.coverage)
        }
    }
}

/// What was seen of the tables that were asked for, and why one was not there.
struct ReadTables {
    var conntrack: TableCoverage?
    var ipvs: TableCoverage?
    var error: (conntrack: KernelStateError?, ipvs: KernelStateError?)

    /// Takes over what the sources that were read say of themselves; one that failed is no more available.
    fileprivate mutating func add(
        _ errors: (flows: KernelStateError?, rows: KernelStateError?), flows: TableCoverage?, rows: TableCoverage?
    ) {
        if let flows { conntrack = flows }
        if let rows { ipvs = rows }
        if let failure = errors.flows {
            conntrack = .unavailable(failure.description)
            error.conntrack = failure
        }
        if let failure = errors.rows {
            ipvs = .unavailable(failure.description)
            error.ipvs = failure
        }
    }
}
