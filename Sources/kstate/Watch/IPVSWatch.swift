import Correlation
import Filters
import IPVS
import KernelState

/// Reads the IPVS table again and again: it sends no events.
///
/// A reading starts after an interval that keeps reading to a tenth of the time; on a big table, which an old kernel walks again
/// at every page, the interval stretches.
struct IPVSWatch: ~Copyable {
    private static let shortestInterval = 1.0
    /// How soon news of a service's connections is followed, where the tenth of the time allows it.
    private static let promptly = 0.05
    private static let shareOfTime = 0.1

    private let filter: ConnectionFilter
    private var table: IPVSConnectionTable?
    private var rows: [IPVSConnection] = []
    private var services: [VirtualService] = []
    private var spent = 0.0
    private var endedAt = -Double.infinity
    private var newsAt: Double?
    private(set) var coverage: TableCoverage?

    init(filter: ConnectionFilter) { self.filter = filter }

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

    /// Starts a reading; to be called inside the namespace. Where the table is not there, or has gone, its rows go too.
    mutating func begin() {
        rows = []
        spent = 0
        newsAt = nil
        do throws(KernelStateError) {
            services = try IPVSAvailability.servicesFromProc()
            table = .some(try IPVSConnectionTable(withOrigin: false))
        } catch {
            services = []
            coverage = .unavailable(error.description)
            endedAt = Host.uptime
        }
    }

    /// Reads a portion. When the reading is complete, its rows with the services they belong to.
    mutating func step() -> (rows: [IPVSConnection], services: [VirtualService])? {
        guard var current = table.take() else { return nil }
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
        if more {
            table = .some(current)
            return nil
        }
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
