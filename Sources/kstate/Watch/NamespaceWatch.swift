import Conntrack
import Correlation
import Filters
import Glibc
import KernelState
import Netlink
import Rendering

/// Follows the connections of one namespace: a dump first, then events, single lookups and IPVS readings.
final class NamespaceWatch {
    /// Events taken at a time, so that keys and signals are never far.
    private static let eventsAtOnce = 4_096
    private static let lookupPeriod = 1.0
    /// Seconds until it is tried again to listen, where that failed.
    private static let listenPeriod = 1.0
    /// Seconds of a second spent on single lookups: half a hundredth.
    private static let lookupBudget = 0.005
    /// With `nf_conntrack_events` = 0 there are dumps alone, for a tenth of the time at most.
    private static let shortestDumpPeriod = 2.0
    /// A dump now and then, for at most this share of the time, finds what neither an event nor a lookup could tell.
    private static let reconciliationShare = 0.002
    /// Readings take no more than this share of the time where they are all that tells what has become of the entries.
    private static let urgentShare = 0.1

    let index: PlaceIndex
    private(set) var view: ConnectionView
    private let source: LiveSource
    private let selection: WatchSelection
    private let emit: (WatchEvent) -> Void

    private var filter: ConnectionFilter { selection.filter }
    private var events: ConntrackEvents?
    private var listenDue = 0.0
    private var lookup: ConntrackLookup?
    private var dump: (any EntrySource<Flow>)?
    private var dumpSpent = 0.0
    private var dumpEnded = -Double.infinity
    private var needsDump = false
    private var dumpIsAnnounced = true
    /// True when a reading that was announced has ended, and this was not said yet.
    private var owesResync = false
    /// Entries have gone of which no event has told, more of them than lookups find in a useful time.
    private var isBehind = false
    private var hasListed = false
    private var sendsEvents = true
    private var lookupQueue: [ConnectionView.ID] = []
    private var lookupDue = 0.0
    private var ipvs: IPVSWatch
    private var related: Set<Endpoint> = []
    /// How much of each table the last reading saw.
    private(set) var conntrack: TableCoverage?
    /// Events that the kernel dropped since the watch began.
    private(set) var lost: UInt64 = 0

    /// - Parameter emit: told what happens.
    /// - Throws: why the table cannot be read that was asked for.
    init(
        _ source: LiveSource, at index: PlaceIndex, _ selection: WatchSelection, emit: @escaping (WatchEvent) -> Void
    ) throws(KernelStateError) {
        let filter = selection.filter
        self.source = source
        self.index = index
        self.selection = selection
        self.emit = emit
        view = ConnectionView(place: index) { filter.admits($0) }
        owesResync = filter.table == .ipvs
        ipvs = IPVSWatch(source, filter: filter, wholeServices: selection.wholeServices)
        if filter.table != .ipvs {
            do throws(KernelStateError) {
                try listen()
            } catch {
                notListening(error)
                if filter.table == .conntrack || error.code == EPERM { throw error }
            }
        }
        if filter.table != .conntrack { ipvs.begin() }
    }

    /// Listens before the dump that it makes due, so that nothing falls between them.
    private func listen() throws(KernelStateError) {
        let ports = filter.portSelection(relatedServices: related)?.portsAlone ?? []
        try source.handle.inside { () throws(KernelStateError) in
            _ = try TableGauge()  // no socket before it is sure that none loads a module
            lookup = .some(try ConntrackLookup())
            events = .some(try ConntrackEvents(ports: ports))
            sendsEvents = KernelFile.number(at: "/proc/sys/net/netfilter/nf_conntrack_events") != 0
        }
        needsDump = true
    }

    /// Nothing is heard any more, or not yet: what is known of the table stays, is told to be doubtful, and is read anew as soon as
    /// the events can be heard again.
    private func notListening(_ error: KernelStateError) {
        dump = nil
        view.endReading(isComplete: false, tell)
        needsDump = false
        listenDue = Host.uptime + Self.listenPeriod
        conntrackFailed(error)
    }

    /// Whoever follows the lines hears once why the table cannot be trusted, and, with the reading that is announced then, that it can.
    private func conntrackFailed(_ error: KernelStateError) {
        let wasThere = conntrack?.available
        conntrack = .unavailable(error)
        if wasThere == true { resync() }
    }

    private func listenAgain() {
        guard filter.table != .ipvs, events == nil, Host.uptime >= listenDue else { return }
        do throws(KernelStateError) {
            try listen()
        } catch {
            notListening(error)
        }
    }

    var place: Place { source.place }
    var found: FoundNamespace { source.found }
    /// What the node says of itself in this namespace, read when first asked for.
    private(set) lazy var facts = source.facts()
    var descriptor: Int32? { events?.descriptor }
    var ipvsCoverage: TableCoverage? { filter.table == .conntrack ? nil : ipvs.coverage }
    var ipvsInterval: Double { ipvs.interval }
    /// The virtual services of the last reading.
    var services: [VirtualService] { ipvs.services }
    var isReading: Bool { dump != nil || ipvs.isReading || needsDump }
    var tables: ReportTables { ReportTables(conntrack: filter.table == .ipvs ? nil : conntrack, ipvs: ipvsCoverage) }

    /// When there is something to do next, on the clock of `Host.uptime`.
    var dueAt: Double {
        if isReading { return 0 }
        var due = Double.infinity
        if filter.table != .conntrack { due = min(due, ipvs.dueAt) }
        if filter.table != .ipvs { due = min(due, events == nil ? listenDue : min(lookupDue, nextDump)) }
        return due
    }

    private var nextDump: Double {
        let isUrgent = !sendsEvents || isBehind
        let share = isUrgent ? Self.urgentShare : Self.reconciliationShare
        return dumpEnded + max(isUrgent ? Self.shortestDumpPeriod : 30, dumpSpent / share)
    }

    /// Nobody holds the namespace any more but this watch: its tables are gone as soon as it lets go.
    func leave() {
        view.removeAll(tell)
        emit(.resync(selection.tables(ofGone: place), of: index))
    }

    /// Does what is due: a portion of each reading under way, the events that have come, lookups.
    func step() {
        listenAgain()
        takeEvents()
        stepDump()
        takeEvents()
        stepIPVS()
        announce()
        if events != nil, !needsDump, dump == nil { lookUpSome() }
    }

    /// Says that the view equals the tables again, once both of them have been read.
    private func announce() {
        guard owesResync, dump == nil, !ipvs.isFirstReading else { return }
        owesResync = false
        resync()
    }

    private func resync() {
        var tables = tables
        let shown = view.shown()
        tables.conntrack?.matched = shown.conntrack
        tables.ipvs?.matched = shown.ipvs
        emit(.resync(tables, of: index))
    }

    private func tell(_ change: ConnectionChange, _ connection: Connection) {
        switch change {
        case .new: emit(.new(connection, existing: !hasListed))
        case .change: emit(.change(connection))
        case .end: emit(.end(connection))
        }
    }

    /// What an event has told the beginning of was not there before the watch, even while the table is still being listed.
    private func tellBegun(_ change: ConnectionChange, _ connection: Connection) {
        if change == .new { emit(.new(connection, existing: false)) } else { tell(change, connection) }
    }

    // MARK: Conntrack

    private func takeEvents() {
        guard var socket = events.take() else { return }
        let now = Host.uptime
        let filter = filter
        let related = related
        do throws(KernelStateError) {
            _ = try socket.receive(limit: Self.eventsAtOnce) { kind, flow in
                let flow = copy flow
                // One that is no longer what was asked for, as an unreplied one that has been answered, is known from before.
                guard filter.mayAdmit(flow, relatedServices: related) else { return view.remove(flow, tell) }
                ipvs.noteNews(of: flow.original.destinationEndpoint, at: now)
                switch kind {
                case .new: view.apply(event: flow, at: now, tellBegun)
                case .update: view.apply(event: flow, at: now, tell)
                case .destroy: view.remove(flow, tell)
                }
            }
        } catch {
            return notListening(error)
        }
        let drops = socket.drops()
        if drops > 0 {
            lost += drops
            emit(.lost(drops, of: index))
            needsDump = true
        }
        events = .some(socket)
    }

    private func stepDump() {
        guard events != nil || dump != nil else { return }
        if dump == nil {
            guard needsDump || Host.uptime >= nextDump else { return }
            beginDump()
        }
        guard let table = dump else { return }
        let start = Host.uptime
        let filter = filter
        let related = related
        do throws(KernelStateError) {
            let more = try table.next(where: { filter.mayAdmit(copy $0, relatedServices: related) }) { flow in
                view.apply(dumped: copy flow, at: start, tell)
            }
            view.endPortion()
            dumpSpent += Host.uptime - start
            // Until a reading has ended, what the one before saw is what is known.
            if !more || conntrack?.complete != true { conntrack = table.coverage }
            if !more { endDump() }
        } catch {
            dump = nil
            dumpEnded = Host.uptime
            view.endReading(isComplete: false, tell)
            conntrackFailed(error)
        }
    }

    private func beginDump() {
        let announced = needsDump
        needsDump = false
        dumpSpent = 0
        do throws(KernelStateError) {
            let walks = TableReading.walks(source, filter, selection.mode, joinsIPVS: ipvs.coverage?.available ?? false)
            dump = try source.openConntrack(.confirmed, walks: walks, selection: filter.portSelection(relatedServices: related))
            view.beginReading()
        } catch {
            dumpEnded = Host.uptime
            conntrackFailed(error)
        }
        dumpIsAnnounced = announced
    }

    private func endDump() {
        dump = nil
        dumpEnded = Host.uptime
        // An incomplete reading cannot tell what has gone: lookups will.
        view.endReading(isComplete: conntrack?.complete == true, tell)
        if !hasListed, !ipvs.isReading { hasListed = true }
        owesResync = owesResync || dumpIsAnnounced
        isBehind = false
        lookupQueue = []
        lookupDue = dumpEnded + Self.lookupPeriod
    }

    /// Asks for entries that no event can be trusted to tell of, in turn, for a bounded share of the time.
    private func lookUpSome() {
        let now = Host.uptime
        guard now >= lookupDue else { return }
        lookupDue = now + Self.lookupPeriod
        guard noticeModule(), var socket = lookup.take() else { return }
        if lookupQueue.isEmpty { lookupQueue = view.ids }
        while Host.uptime - now < Self.lookupBudget, let id = lookupQueue.popLast() {
            guard let flow = view.needsLookup(id, at: now) else { continue }
            do throws(KernelStateError) {
                if let current = try socket.entry(like: flow), current.id == flow.id {
                    view.apply(dumped: current, at: now, tell)
                } else {
                    view.remove(flow, tell)
                }
            } catch {
                break
            }
        }
        lookup = .some(socket)
    }

    /// A lookup after nf_conntrack_netlink was removed would load it again. Once somebody else has, the table is read anew.
    private func noticeModule() -> Bool {
        do throws(KernelStateError) {
            let entries = try source.handle.inside { () throws(KernelStateError) in try TableGauge().read().entries }
            // Old entries that were flushed, or expired by thousands, send no events: the table's own count gives them away.
            isBehind = entries + entries / 8 + 256 < UInt64(view.entries)
            if conntrack?.available == false { needsDump = true }
            return !needsDump
        } catch {
            if conntrack?.available != false { conntrackFailed(error) }
            return false
        }
    }

    // MARK: IPVS

    private func stepIPVS() {
        guard filter.table != .conntrack else { return }
        let wasThere = ipvs.coverage?.available
        readIPVS()
        // Whoever follows the lines hears why the table has emptied or is not read, and when it is there again.
        if let wasThere, let isThere = ipvs.coverage?.available, isThere != wasThere { resync() }
    }

    private func readIPVS() {
        if !ipvs.isReading {
            guard Host.uptime >= ipvs.dueAt else { return }
            ipvs.begin()
            guard ipvs.isReading else { return view.apply(rows: [], services: ServiceIndex(), at: Host.uptime, tell) }
        }
        guard let reading = ipvs.step() else { return }
        related = filter.relatedServices(of: reading.services)
        view.apply(
            rows: reading.rows, isComplete: reading.isComplete, services: ServiceIndex(reading.services), at: Host.uptime, tell)
        if dump == nil, !needsDump { hasListed = true }
    }
}
