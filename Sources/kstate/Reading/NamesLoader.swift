import Glibc
import KernelState
import Kubernetes
import Rendering
import Synchronization

/// The names that `--kube` asks for, got while the tables are read.
struct NamesLoader {
    private let request: KubeRequest?
    /// True where nothing was said of names: what a file has kept of them is shown.
    private let takesSaved: Bool
    private var progress: ProgressLine?

    /// Starts at once, from the network namespace that the process was started in: call it before another is entered.
    init(_ options: KubeOptions) {
        takesSaved = options.kube == nil
        switch options.kube {
        case .off, nil: request = nil
        case .automatic: request = .start(timeout: options.kubeTimeout)
        case .file(let path):
            let line = isatty(STDERR_FILENO) == 1 ? ProgressLine(path: path) : nil
            progress = line
            request = .start(file: path) { line?.show($0) }
        }
    }

    /// The names for a report, awaited when they are first looked up; nil when none were asked for and none were saved.
    ///
    /// - Parameter sources: may have saved names, which serve where none were asked for.
    func reportNames(of sources: [any StateSource]) -> ReportNames? {
        if request != nil { return ReportNames { [self] in Self.tell(answer()) } }
        return saved(by: sources).map { saved in ReportNames { Self.tell(saved) } }
    }

    /// The same, awaited now; no names where there are none.
    func names(of sources: [any StateSource]) -> ClusterNames {
        whole(of: sources).map { Self.tell($0) } ?? ClusterNames()
    }

    /// The names with what is to be said of them, awaited now, for whoever saves them; nil where there are none.
    func whole(of sources: [any StateSource]) -> SavedNames? { request == nil ? saved(by: sources) : answer() }

    private func answer() -> SavedNames {
        defer { progress?.clear() }
        guard let answer = request?.wait() else { return SavedNames(names: ClusterNames(), notices: []) }
        return SavedNames(names: answer.names, notices: answer.notices)
    }

    /// What the sources have kept; where that cannot be read, the reason stands for it.
    private func saved(by sources: [any StateSource]) -> SavedNames? {
        guard takesSaved else { return nil }
        var saved: [SavedNames] = []
        for source in sources {
            do throws(KernelStateError) {
                if let names = try source.savedNames() { saved.append(names) }
            } catch {
                saved.append(SavedNames(names: ClusterNames(), notices: ["\(error)"]))
            }
        }
        return SavedNames.joined(saved)
    }

    /// Says on standard error what is missing: names are a help, and nothing fails for the lack of one.
    static func tell(_ saved: SavedNames) -> ClusterNames {
        for notice in saved.notices {
            var line: [UInt8] = []
            line.appendVisible("kstate: \(notice)")
            printError(String(decoding: line, as: UTF8.self))
        }
        return saved.names
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
