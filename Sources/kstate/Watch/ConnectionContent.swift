import Correlation
import KernelState
import Rendering
import Terminal

/// The live screen of `kstate conn --watch`: a row a connection, marked when something became of it.
struct ConnectionContent: LiveContent {
    var header: ReportHeader
    let columns: [Column]
    private var order: ConnectionOrder
    private var marks: [UInt64: Passing<LiveMark>] = [:]
    private var ended: [Passing<Connection>] = []

    init(header: ReportHeader, columns: [Column], order: ConnectionOrder?) {
        self.header = header
        self.columns = columns
        self.order = order ?? ConnectionOrder(key: .service)
    }

    var noun: String { "connections" }
    var sort: String { order.text }

    mutating func sortByNextKey() { order = order.next }

    mutating func take(_ event: WatchEvent) {
        switch event {
        case .new(let connection, let existing): if !existing { marks[connection.identity(at: connection.place)] = Passing(.new) }
        case .change(let connection):
            // A new connection changes its state at once; it is still new to whoever looks.
            let identity = connection.identity(at: connection.place)
            if marks[identity]?.value != .new { marks[identity] = Passing(.changed) }
        case .end(let connection): ended.append(Passing(connection))
        case .lost, .resync: break
        }
    }

    mutating func show(_ watched: WatchedNamespaces, at time: Double, first count: Int) -> LiveView<Connection> {
        marks = marks.compactMapValues { $0.shown(at: time) }
        ended = ended.compactMap { $0.shown(at: time) }
        var first = FirstInOrder<LiveRow<Connection>>(count) { [order] in order.precedes($0.row, $1.row) }
        var totals = StateTotals()
        for watch in watched.watches {
            watch.view.forEach(at: time) { connection in
                totals.add(connection)
                first.add(LiveRow(connection, mark: .none))
            }
        }
        for connection in ended { first.add(LiveRow(connection.value, mark: .ending)) }
        let rows = first.sorted().map { row in
            row.mark == .none ? LiveRow(row.row, mark: marks[row.row.identity(at: row.row.place)]?.value ?? .none) : row
        }
        return LiveView(rows: rows, total: totals.connections + ended.count, facts: totals.facts + WatchFacts.coverage(of: watched))
    }
}

/// What the screen shows for two seconds from the first frame on: a row's mark, or a row that has ended. At a hundred thousand rows
/// frames come seconds apart, and nothing may be over before anyone could see it.
private struct Passing<Value> {
    let value: Value
    private var until: Double?

    init(_ value: Value) { self.value = value }

    /// For a frame at `time`; nil when it has been seen for long enough.
    func shown(at time: Double) -> Passing? {
        guard let until else {
            var first = self
            first.until = time + 2
            return first
        }
        return until > time ? self : nil
    }
}
