import Correlation
import KernelState
import Rendering
import Terminal

/// The live screen of `kstate conn --watch`: a row a connection, marked when something became of it.
struct ConnectionContent: LiveContent {
    /// How long a row stays marked, and one that has ended stays on the screen.
    private static let markedFor = 2.0

    let header: ReportHeader
    private var order: ConnectionOrder
    private var marks: [UInt64: (mark: LiveMark, until: Double)] = [:]
    private var ended: [(connection: Connection, until: Double)] = []

    init(header: ReportHeader, order: ConnectionOrder?) {
        self.header = header
        self.order = order ?? ConnectionOrder(key: .service)
    }

    var columns: [Column] { Column.standard }
    var noun: String { "connections" }
    var sort: String { (order.descending ? "-" : "") + order.key.rawValue }

    mutating func sortByNextKey() {
        order = ConnectionOrder(key: ConnectionOrder.Key.allCases.element(after: order.key), descending: order.descending)
    }

    mutating func take(_ event: WatchEvent) {
        let until = Host.uptime + Self.markedFor
        switch event {
        case .new(let connection, let existing): if !existing { marks[connection.mark] = (.new, until) }
        case .change(let connection):
            // A new connection changes its state at once; it is still new to whoever looks.
            if marks[connection.mark]?.mark != .new { marks[connection.mark] = (.changed, until) }
        case .end(let connection): ended.append((connection, until))
        case .lost, .resync: break
        }
    }

    mutating func show(_ watches: [NamespaceWatch], at time: Double) -> (rows: [LiveRow<Connection>], facts: [WatchFact]) {
        marks = marks.filter { $0.value.until > time }
        ended.removeAll { $0.until <= time }
        let connections = watches.flatMap { $0.view.connections(at: time) }
        var rows = connections.map { LiveRow($0, mark: marks[$0.mark]?.mark ?? .none) }
        rows += ended.map { LiveRow($0.connection, mark: .ending) }
        rows.sort { order.precedes($0.row, $1.row) }
        return (rows, WatchFacts.facts(of: watches, connections: connections))
    }
}

extension Connection {
    /// Names the connection on the screen.
    fileprivate var mark: UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.mix(UInt64(place))
        fingerprint.mix(UInt64(zone) << 8 | UInt64(transport.rawValue))
        fingerprint.mix(client)
        fingerprint.mix(service ?? backend)
        return fingerprint.value
    }
}

extension Collection where Element: Equatable {
    /// The element after `element`, and after the last the first.
    func element(after element: Element) -> Element {
        guard let index = firstIndex(of: element) else { return element }
        let next = self.index(after: index)
        return next == endIndex ? self[startIndex] : self[next]
    }
}
