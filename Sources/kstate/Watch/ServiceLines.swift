import Glibc
import KernelState
import Rendering
import Terminal

/// `kstate service --watch` into a pipe or file: each interval the whole document in a line, or a line for each verdict that is new
/// and each backend that has gone.
struct ServiceLines: WatchOutput {
    private struct BackendName: Hashable {
        var place: PlaceIndex
        var service: ServiceIdentity
        var backend: Endpoint
    }

    private let form: WatchLineForm
    private var header: ReportHeader
    private var counts: WatchedServices
    private let interval: Double
    /// What was told of each backend last.
    private var told: [BackendName: (service: ServiceState, backend: BackendState)] = [:]
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

    mutating func handle(_ signal: WatchSignal) {
        if signal == .stop { SignalQueue.stopProcess() }
    }

    /// The first look waits for the first readings; what came before it is no news.
    mutating func refresh(_ watches: [NamespaceWatch], at time: Double) -> Bool {
        guard time >= dueAt, dueAt > 0 || !watches.contains(where: \.isReading) else { return true }
        dueAt = dueAt > 0 ? max(time, dueAt + interval) : time + interval
        let look = counts.look(watches, at: time)
        var sink = OutputSink(descriptor: STDOUT_FILENO, heedsSignals: true)
        switch form {
        case .json: appendDocument(look.services, look.leftOut, look.seconds, watches, to: &sink.buffer)
        case .text: appendNews(look.services, to: &sink.buffer)
        }
        sink.flush()
        error = sink.error
        guard let error else { return true }
        if error.isComplaint { printError("kstate: \(error.text)") }
        return false
    }

    private mutating func appendDocument(
        _ services: [ServiceState], _ leftOut: Int, _ seconds: Double?, _ watches: [NamespaceWatch], to buffer: inout [UInt8]
    ) {
        for index in header.places.indices { header.places[index].takenAt = Host.now }
        let tables = CoverageSummary.sum(watches.map(\.tables))
        let json = ServiceJSON(header)
        json.begin(interval: seconds, isLine: true, to: &buffer)
        for (index, service) in services.enumerated() { json.appendElement(service, isFirst: index == 0, isLine: true, to: &buffer) }
        json.end(tables, leftOut: leftOut, isLine: true, to: &buffer)
    }

    private mutating func appendNews(_ services: [ServiceState], to buffer: inout [UInt8]) {
        var now: [BackendName: (service: ServiceState, backend: BackendState)] = [:]
        for service in services {
            for backend in service.backends {
                let name = BackendName(place: service.place, service: service.identity, backend: backend.endpoint)
                now[name] = (service, backend)
                let former = told[name]?.backend.verdict
                if former != backend.verdict { ServiceNews.append(backend, of: service, was: former, header, at: Host.now, to: &buffer) }
            }
        }
        for (name, last) in told where now[name] == nil {
            ServiceNews.append(gone: last.backend, of: last.service, header, at: Host.now, to: &buffer)
        }
        told = now
    }
}
