import Glibc
import KernelState
import Rendering
import Terminal

/// `--watch` into a pipe or file: an event a line, written as soon as the loop comes to rest.
struct EventLines: WatchOutput {
    private let form: WatchLineForm
    private var json: EventJSONWriter
    private var text: EventTextWriter
    private var header: ReportHeader
    private let patience = OutputPatience(canStop: true)
    private var buffer: [UInt8] = []
    private(set) var error: OutputError?

    init(_ form: WatchLineForm, header: ReportHeader) {
        self.form = form
        self.header = header
        json = EventJSONWriter(header)
        text = EventTextWriter(header)
    }

    var dueAt: Double { .infinity }
    var keyboard: Int32? { nil }

    mutating func take(_ event: WatchEvent) {
        // A reading may still tell of many connections before it is asked for the error.
        guard error == nil else { return }
        switch form {
        case .json: json.append(event, at: Host.now, to: &buffer)
        case .text: text.append(event, at: Host.now, to: &buffer)
        }
        if buffer.count >= OutputSink.standardCapacity { flush() }
    }

    mutating func move(to places: [Place]) {
        header.places = places
        json = EventJSONWriter(header)
        text = EventTextWriter(header)
    }

    mutating func refresh(_ watched: WatchedNamespaces, at time: Double) -> Bool {
        flush()
        return error == nil
    }

    mutating func handle(_ signal: WatchSignal) {
        if signal == .stop { SignalQueue.stopProcess() }
    }

    private mutating func flush() {
        guard !buffer.isEmpty else { return }
        var sink = OutputSink(descriptor: STDOUT_FILENO, patience: patience)
        swap(&sink.buffer, &buffer)
        sink.flush()
        if let failure = sink.error {
            error = failure
            if failure.isComplaint { printError("kstate: \(failure.text)") }
        }
        buffer = []
    }
}
