import Correlation
import Filters
import KernelState

/// Reads the IPVS table again and again: it sends no events.
///
/// A reading starts after an interval that keeps reading to a tenth of the time; on a big table, which an old kernel walks again
/// at every page, the interval stretches.
struct IPVSWatch {
    /// What a reading found, and whether it saw the whole table.
    struct Reading {
        var rows: [IPVSConnection]
        var services: [VirtualService]
        var isComplete: Bool
    }

    private static let shortestInterval = 1.0
    /// How soon news of a service's connections is followed, where the tenth of the time allows it.
    private static let promptly = 0.05
    private static let shareOfTime = 0.1

    private let source: any StateSource
    private let filter: ConnectionFilter
    private let wholeServices: Bool
    private var table: (any EntrySource<IPVSConnection>)?
    private var rows: [IPVSConnection] = []
    private(set) var services: [VirtualService] = []
    private var spent = 0.0
    private var endedAt = -Double.infinity
    private var newsAt: Double?
    private(set) var coverage: TableCoverage?

    /// - Parameter wholeServices: whether all is wanted that is known of services, their counters too.
    init(_ source: any StateSource, filter: ConnectionFilter, wholeServices: Bool) {
        self.source = source
        self.filter = filter
        self.wholeServices = wholeServices
    }

    var isReading: Bool { table != nil }

    /// True until a reading has ended: what is known of the table is a part of it.
    var isFirstReading: Bool { isReading && endedAt == -.infinity }

    /// Seconds between the ends and starts of readings, as the last one's length demands.
    var interval: Double { max(Self.shortestInterval, pause) }

    private var pause: Double { spent * (1 / Self.shareOfTime - 1) }

    /// When the next reading starts.
    var dueAt: Double {
        guard let newsAt else { return endedAt + interval }
        return min(endedAt + interval, max(newsAt + Self.promptly, endedAt + pause))
    }

    /// Conntrack told of a connection to `service`: worth an early look when IPVS serves it.
    mutating func noteNews(of service: Endpoint, at time: Double) {
        guard newsAt == nil, services.contains(where: { $0.identity.endpoint == service }) else { return }
        newsAt = time
    }

    /// Starts a reading. Where the table is not there, or has gone, its rows go too.
    mutating func begin() {
        rows = []
        newsAt = nil
        // The services are a part of the reading: thousands with their backends take longer than a small table of connections.
        let start = Host.uptime
        defer { spent = Host.uptime - start }
        do throws(KernelStateError) {
            services = try source.services(whole: wholeServices)
            table = try source.openIPVS()
        } catch {
            services = []
            fail(error)
        }
    }

    /// Reads a portion. When that was the last, what the reading found; nothing of one that failed half-way, which tells neither what
    /// is there nor what has gone: the next one will.
    mutating func step() -> Reading? {
        guard let current = table else { return nil }
        let start = Host.uptime
        var found: [IPVSConnection] = []
        let filter = filter
        var more = false
        do throws(KernelStateError) {
            more = try current.next(where: { filter.mayAdmit($0) }) { found.append(copy $0) }
        } catch {
            fail(error)
            return nil
        }
        rows += found
        let now = Host.uptime
        spent += now - start
        // Until a reading has ended, what the one before saw is what is known.
        if !more || coverage?.complete != true { coverage = current.coverage }
        if more { return nil }
        table = nil
        endedAt = now
        return Reading(rows: rows, services: services, isComplete: current.coverage.complete)
    }

    private mutating func fail(_ error: KernelStateError) {
        table = nil
        coverage = .unavailable(error)
        endedAt = Host.uptime
    }
}
