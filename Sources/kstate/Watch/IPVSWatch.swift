import Correlation
import Filters
import KernelState

/// Reads the IPVS table again and again: it sends no events.
///
/// A reading starts after an interval that keeps reading to a tenth of the time; on a big table, which an old kernel walks again
/// at every page, the interval stretches.
struct IPVSWatch {
    private static let shortestInterval = 1.0
    /// How soon news of a service's connections is followed, where the tenth of the time allows it.
    private static let promptly = 0.05
    private static let shareOfTime = 0.1

    private let source: any StateSource
    private let filter: ConnectionFilter
    private var table: (any EntrySource<IPVSConnection>)?
    private var rows: [IPVSConnection] = []
    private(set) var services: [VirtualService] = []
    private var spent = 0.0
    private var endedAt = -Double.infinity
    private var newsAt: Double?
    private(set) var coverage: TableCoverage?

    init(_ source: any StateSource, filter: ConnectionFilter) {
        self.source = source
        self.filter = filter
    }

    var isReading: Bool { table != nil }

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
        guard newsAt == nil, services.contains(where: { $0.endpoint == service }) else { return }
        newsAt = time
    }

    /// Starts a reading. Where the table is not there, or has gone, its rows go too.
    mutating func begin() {
        rows = []
        spent = 0
        newsAt = nil
        do throws(KernelStateError) {
            services = try source.plainServices()
            table = try source.openIPVS()
        } catch {
            services = []
            coverage = .unavailable(error.description)
            endedAt = Host.uptime
        }
    }

    /// Reads a portion. When the reading is complete, its rows with the services they belong to.
    mutating func step() -> (rows: [IPVSConnection], services: [VirtualService])? {
        guard let current = table else { return nil }
        let start = Host.uptime
        var found: [IPVSConnection] = []
        let filter = filter
        var more = false
        do throws(KernelStateError) {
            more = try current.next(where: { filter.mayAdmit($0) }) { found.append(copy $0) }
            coverage = current.coverage
        } catch {
            coverage = .unavailable(error.description)
        }
        rows += found
        let now = Host.uptime
        spent += now - start
        if more { return nil }
        table = nil
        endedAt = now
        return (rows, services)
    }
}

extension VirtualService {
    /// The address and port that clients ask; nil for a firewall mark.
    var endpoint: Endpoint? {
        if case .address(_, let endpoint) = identity { endpoint } else { nil }
    }
}
