import Glibc
import KernelState
import Kubernetes
import Rendering
import Synchronization

/// The names that `--kube` asks for, got while the tables are read.
struct NamesLoader {
    private let request: KubeRequest?
    private var progress: ProgressLine?

    /// Starts at once, from the network namespace that the process was started in: call it before another is entered.
    init(_ options: KubeOptions) {
        switch options.kube {
        case .off: request = nil
        case .automatic: request = .start(timeout: options.kubeTimeout)
        case .file(let path):
            let line = isatty(STDERR_FILENO) == 1 ? ProgressLine(path: path) : nil
            progress = line
            request = .start(file: path) { line?.show($0) }
        }
    }

    /// The names for a report, awaited when they are first looked up; nil when none were asked for.
    var reportNames: ReportNames? {
        guard request != nil else { return nil }
        return ReportNames { [self] in names() }
    }

    /// The names, when they are all there or time is up, with what must be said of them; nil when none were asked for.
    private func answer() -> ClusterAnswer? {
        defer { progress?.clear() }
        return request?.wait()
    }

    /// The same, after saying on standard error what is missing: names are a help, and nothing fails for the lack of one.
    func names() -> ClusterNames {
        guard let answer = answer() else { return ClusterNames() }
        for notice in answer.notices {
            var line: [UInt8] = []
            line.appendVisible("kstate: \(notice)")
            printError(String(decoding: line, as: UTF8.self))
        }
        return answer.names
    }
}

/// How far a long file is read, on one line of the terminal that goes away again.
private final class ProgressLine: Sendable {
    private struct State {
        var next = MonotonicTime.now.advanced(by: 0.2)
        var isShown = false
    }
    private let path: [UInt8]
    private let state = Mutex(State())

    init(path: String) {
        var visible: [UInt8] = []
        visible.appendVisible(path)
        self.path = visible
    }

    func show(_ progress: ClusterFile.Progress) {
        state.withLock { state in
            let now = MonotonicTime.now
            if now < state.next { return }
            state = State(next: now.advanced(by: 0.1), isShown: true)
            let inAll = progress.bytesInAll.map { " of \($0 >> 20)" } ?? ""
            put("\r\u{1b}[Kreading names from \(String(decoding: path, as: UTF8.self)): ")
            put("\(progress.bytesRead >> 20)\(inAll) MB, \(progress.objects) objects")
        }
    }

    func clear() {
        state.withLock { state in
            if state.isShown { put("\r\u{1b}[K") }
            state = State(next: MonotonicTime(seconds: .infinity))
        }
    }

    private func put(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
