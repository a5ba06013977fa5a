import Correlation
import Glibc
import KernelState
import Rendering
import Terminal

/// `--watch` on a terminal: keeps what the screen shows, and draws it.
struct LiveOutput: WatchOutput {
    /// How long a row stays marked, and one that has ended stays on the screen.
    private static let markedFor = 2.0
    private static let frameInterval = 0.25
    /// Drawing takes no more than this share of the time, however many rows there are.
    private static let shareOfTime = 0.1

    private final class Terminal {
        var session: TerminalSession
        init(_ session: consuming TerminalSession) { self.session = session }
    }

    private let terminal: Terminal
    private let screen = LiveScreen(colour: OutputOptions.colour)
    private var keys = Keyboard()
    private var model = LiveModel()
    private var order: ConnectionOrder
    private var marks: [UInt64: (mark: LiveRow.Mark, until: Double)] = [:]
    private var ended: [(connection: Connection, until: Double)] = []
    private var drawnAt = -Double.infinity
    private var drawingTook = 0.0
    private var isDirty = true
    private var frozen: [LiveRow]?

    init(_ session: consuming TerminalSession, title: String, header: ReportHeader, order: ConnectionOrder?) {
        terminal = Terminal(session)
        self.order = order ?? ConnectionOrder(key: .service)
        model.title = title
        model.header = header
    }

    var keyboard: Int32? { STDIN_FILENO }

    /// Once a second the timers have run down; after news, as soon as a frame may come.
    var dueAt: Double { drawnAt + max(isDirty ? Self.frameInterval : 1, drawingTook / Self.shareOfTime) }

    mutating func take(_ event: WatchEvent) {
        isDirty = true
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

    mutating func handle(_ signal: WatchSignal) {
        isDirty = true
        drawnAt = -.infinity
        switch signal {
        case .stop:
            terminal.session.restore()
            SignalQueue.stopProcess()
            // At once: the SIGCONT is read only after the next frame.
            terminal.session.resume()
        case .resumed: terminal.session.resume()
        case .resized, .end: break
        }
    }

    mutating func refresh(_ watches: [NamespaceWatch], at time: Double) -> Bool {
        for key in keys.read(descriptor: STDIN_FILENO) {
            if key == .quit { return false }
            press(key)
        }
        guard time >= dueAt else { return true }
        draw(watches, at: time)
        drawnAt = Host.uptime
        drawingTook = drawnAt - time
        isDirty = false
        return true
    }

    private mutating func press(_ key: Key) {
        let page = max(1, LiveScreen.visibleRows(model, height: size.rows))
        switch key {
        case .sort: order = ConnectionOrder(key: order.key.next, descending: order.descending)
        case .pause: frozen = frozen == nil ? model.rows : nil
        case .up: model.offset -= 1
        case .down: model.offset += 1
        case .pageUp: model.offset -= page
        case .pageDown: model.offset += page
        case .home: model.offset = 0
        case .end: model.offset = model.rows.count
        case .quit: break
        }
        isDirty = true
        drawnAt = -.infinity
    }

    private var size: TerminalSize { TerminalSize.current(of: STDOUT_FILENO) }

    private mutating func draw(_ watches: [NamespaceWatch], at time: Double) {
        marks = marks.filter { $0.value.until > time }
        ended.removeAll { $0.until <= time }
        let connections = watches.flatMap { $0.view.connections(at: time) }
        model.rows = frozen ?? rows(connections)
        model.facts = WatchFacts.facts(of: watches, connections: connections)
        model.sort = (order.descending ? "-" : "") + order.key.rawValue
        model.isPaused = frozen != nil
        let page = LiveScreen.visibleRows(model, height: size.rows)
        model.offset = max(0, min(model.offset, model.rows.count - page))
        var sink = OutputSink(descriptor: STDOUT_FILENO)
        sink.buffer = screen.frame(model, size: size)
        sink.flush()
    }

    private func rows(_ connections: [Connection]) -> [LiveRow] {
        var rows = connections.map { LiveRow(connection: $0, mark: marks[$0.mark]?.mark ?? .none) }
        rows += ended.map { LiveRow(connection: $0.connection, mark: .ending) }
        rows.sort { order.precedes($0.connection, $1.connection) }
        return rows
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

extension ConnectionOrder.Key {
    /// The key after this one, and after the last the first.
    fileprivate var next: ConnectionOrder.Key {
        let all = ConnectionOrder.Key.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }
}
