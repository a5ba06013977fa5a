import Glibc
import KernelState
import Rendering
import Terminal

/// `kstate service --watch` into a pipe or file: each interval the whole document in a line, or a line for each backend and each service
/// without backends that has gone or is new, and for each verdict that is new.
struct ServiceLines: WatchOutput {
    /// What news are of: a backend of a service, or a service without backends.
    private struct Subject: Hashable {
        var place: PlaceIndex
        var service: ServiceIdentity
        var backend: Endpoint?
    }

    private let form: WatchLineForm
    private var header: ReportHeader
    private var counts: WatchedServices
    private let interval: Double
    private let patience = OutputPatience(canStop: true)
    /// What was seen at the last look, in its order.
    private var seen: [ServiceRow] = []
    private(set) var dueAt = 0.0
    private(set) var error: OutputError?

    init(_ form: WatchLineForm, header: ReportHeader, counts: WatchedServices, interval: Double) {
        self.form = form
        self.header = header
        self.counts = counts
        self.interval = interval
    }

    var keyboard: Int32? { nil }

    mutating func take(_ event: WatchEvent) { counts.take(event) }

    mutating func move(to places: [Place]) { header.places = places }

    mutating func handle(_ signal: WatchSignal) {
        if signal == .stop { SignalQueue.stopProcess() }
    }

    /// The first look waits for the first readings; what came before it is no news.
    mutating func refresh(_ watched: WatchedNamespaces, at time: Double) -> Bool {
        let watches = watched.watches
        guard time >= dueAt, dueAt > 0 || watched.areRead else { return true }
        dueAt = dueAt > 0 ? max(time, dueAt + interval) : time + interval
        let look = counts.look(watches, at: time)
        var sink = OutputSink(descriptor: STDOUT_FILENO, patience: patience)
        switch form {
        case .json: appendDocument(look.services, look.leftOut, look.seconds, watched, to: &sink.buffer)
        case .text: appendNews(look.services, watches, to: &sink.buffer)
        }
        sink.flush()
        error = sink.error
        guard let error else { return true }
        if error.isComplaint { printError("kstate: \(error.text)") }
        return false
    }

    private mutating func appendDocument(
        _ services: [ServiceState], _ leftOut: Int, _ seconds: Double?, _ watched: WatchedNamespaces, to buffer: inout [UInt8]
    ) {
        for index in header.places.indices { header.places[index].takenAt = Host.now }
        let tables = CoverageSummary.sum(watched.tables)
        let json = ServiceJSON(header)
        // Those that have gone keep their index, and are named no more.
        let present = watched.watches.isEmpty ? header.places : watched.watches.map { header.places[Int($0.index)] }
        ServiceJSON(ReportHeader(places: present)).begin(interval: seconds, isLine: true, to: &buffer)
        for (index, service) in services.enumerated() { json.appendElement(service, isFirst: index == 0, isLine: true, to: &buffer) }
        json.end(tables, leftOut: leftOut, isLine: true, to: &buffer)
    }

    /// What has gone stands first, so that a service's loss of its last backend reads as it happened.
    private mutating func appendNews(_ services: [ServiceState], _ watches: [NamespaceWatch], to buffer: inout [UInt8]) {
        let empty = Self.servicesWithoutBackends(watches)
        // A service whose backends the filter leaves out is not one without.
        let rows = services.flatMap { ServiceRow.records($0) }.filter { $0.backend != nil || empty.contains(Self.subject($0)) }
        let present = Set(rows.map(Self.subject)), services = Set(rows.map(Self.service))
        for row in seen where row.backend == nil ? !services.contains(Self.service(row)) : !present.contains(Self.subject(row)) {
            ServiceNews.append(gone: row, header, at: Host.now, to: &buffer)
        }
        let former = Dictionary(seen.map { (Self.subject($0), $0) }, uniquingKeysWith: { first, _ in first })
        for row in rows {
            let last = former[Self.subject(row)]
            if let last, last.backend?.verdict == row.backend?.verdict { continue }
            ServiceNews.append(row, was: last, header, at: Host.now, to: &buffer)
        }
        seen = rows
    }

    private static func subject(_ row: ServiceRow) -> Subject {
        Subject(place: row.service.place, service: row.service.identity, backend: row.backend?.endpoint)
    }

    private static func service(_ row: ServiceRow) -> Subject { Subject(place: row.service.place, service: row.service.identity) }

    private static func servicesWithoutBackends(_ watches: [NamespaceWatch]) -> Set<Subject> {
        var empty: Set<Subject> = []
        for watch in watches {
            for service in watch.services where service.backends.isEmpty {
                empty.insert(Subject(place: watch.index, service: service.identity))
            }
        }
        return empty
    }
}
