import Correlation
import Glibc
import KernelState
import Rendering
import Terminal

/// What the live screen shows of a watch: rows, in an order that a key changes.
protocol LiveContent {
    associatedtype Shown: TableColumn

    /// What the rows refer to.
    var header: ReportHeader { get set }
    var columns: [Shown] { get }
    /// What a row is called, in the plural.
    var noun: String { get }
    /// The key of the order, as `--sort` takes it.
    var sort: String { get }
    mutating func sortByNextKey()
    mutating func take(_ event: WatchEvent)
    /// - Parameter count: how many rows, from the first, the window reaches.
    mutating func show(_ watched: WatchedNamespaces, at time: Double, first count: Int) -> LiveView<Shown.Row>
}

/// What there is to be seen at one moment.
struct LiveView<Row: Sendable> {
    /// The first of the rows, as many as were asked for or more.
    var rows: [LiveRow<Row>]
    /// Of all rows.
    var total: Int
    var facts: [WatchFact]
}

/// `--watch` on a terminal: keeps what the screen shows, and draws it.
struct LiveOutput<Content: LiveContent>: WatchOutput {
    private static var frameInterval: Double { 0.25 }
    /// Drawing takes no more than this share of the time, however many rows there are.
    private static var shareOfTime: Double { 0.1 }

    private final class Terminal {
        let session: TerminalSession
        init(_ session: consuming TerminalSession) { self.session = session }
    }

    private let terminal: Terminal
    private let screen = LiveScreen(colour: OutputOptions.colour)
    private let patience = OutputPatience(canStop: false)
    private var keys = Keyboard()
    private var model: LiveModel<Content.Shown>
    private var content: Content
    private let command: String
    private var drawnAt = -Double.infinity
    private var drawingTook = 0.0
    private var isDirty = true
    private var hasSeenAll = false
    private var isPaused = false
    /// What is looked at while it is paused.
    private var frozen: LiveView<Content.Shown.Row>?

    /// - Parameter command: its name, for the first line.
    init(_ session: consuming TerminalSession, command: String, content: Content) {
        terminal = Terminal(session)
        self.command = command
        self.content = content
        model = LiveModel(columns: content.columns, noun: content.noun)
    }

    var keyboard: Int32? { STDIN_FILENO }
    var error: OutputError? { nil }

    /// Once a second the timers have run down; after news, as soon as a frame may come.
    var dueAt: Double { drawnAt + max(isDirty ? Self.frameInterval : 1, drawingTook / Self.shareOfTime) }

    mutating func take(_ event: WatchEvent) {
        isDirty = true
        content.take(event)
    }

    mutating func move(to places: [Place]) {
        isDirty = true
        content.header.places = places
        model.header = content.header
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

    mutating func refresh(_ watched: WatchedNamespaces, at time: Double) -> Bool {
        for key in keys.read(descriptor: STDIN_FILENO) {
            if key == .quit { return false }
            press(key)
        }
        if !hasSeenAll, watched.areRead {
            hasSeenAll = true
            drawnAt = -.infinity  // what everybody waits for waits for no share of the time
        }
        guard time >= dueAt else { return true }
        let isSeen = draw(watched, at: time)
        drawnAt = Host.uptime
        drawingTook = drawnAt - time
        isDirty = false
        return isSeen
    }

    private mutating func press(_ key: Key) {
        let page = max(1, LiveScreen.visibleRows(model, height: size.rows))
        switch key {
        case .sort: content.sortByNextKey()
        case .pause: isPaused.toggle()
        case .up: model.offset -= 1
        case .down: model.offset += 1
        case .pageUp: model.offset -= page
        case .pageDown: model.offset += page
        case .home: model.offset = 0
        case .end: model.offset = model.total
        case .quit: break
        }
        keepInside(page)
        isDirty = true
        drawnAt = -.infinity
    }

    private var size: TerminalSize { TerminalSize.current(of: STDOUT_FILENO) }

    /// The last page is as far as scrolling goes.
    private mutating func keepInside(_ page: Int) { model.offset = max(0, min(model.offset, model.total - page)) }

    /// False when the terminal is no longer there.
    private mutating func draw(_ watched: WatchedNamespaces, at time: Double) -> Bool {
        let size = size
        // What is above the rows lives on while they stand still, and somebody may scroll through all of them.
        let reach = isPaused ? (frozen == nil ? Int.max : 0) : model.offset + size.rows
        let shown = content.show(watched, at: time, first: reach)
        frozen = isPaused ? frozen ?? shown : nil
        let rows = frozen ?? shown
        model.rows = rows.rows
        model.total = rows.total
        model.facts = shown.facts
        model.title = WatchTitle.of(command, watched.watches.map(\.place))
        model.columns = content.columns
        model.sort = content.sort
        model.isPaused = isPaused
        keepInside(LiveScreen.visibleRows(model, height: size.rows))
        var sink = OutputSink(descriptor: STDOUT_FILENO, patience: patience)
        sink.buffer = screen.frame(model, size: size)
        sink.flush()
        return sink.error == nil
    }
}
