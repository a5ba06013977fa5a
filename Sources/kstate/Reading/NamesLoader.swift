import Glibc
import KernelState
import Kubernetes
import Rendering
import Synchronization

/// The names that `--kube` asks for, got while the tables are read.
final class NamesLoader: Sendable {
    /// What was asked for: a file is there whole or not, an API server gives what it can in time.
    private let source: KubeOptions.Source?
    private let request: KubeRequest?
    private let progress: ProgressLine?
    /// Whether it was said already what is missing.
    private let hasTold = Atomic(false)

    /// Starts at once, from the network namespace that the process was started in: call it before another is entered.
    init(_ options: KubeOptions) {
        source = options.kube
        switch options.kube {
        case .off, nil:
            progress = nil
            request = nil
        case .automatic:
            progress = nil
            request = .start(timeout: options.kubeTimeout)
        case .file(let path):
            let line = ProgressLine(after: 0.2, every: 0.1)
            progress = line
            request = access(path, R_OK) == 0 ? .start(file: path) { line.show(Self.text(of: $0, path)) } : nil
            // Said at once: names are looked up late, and not at all where there is nothing to name.
            guard request == nil else { return }
            let error = KernelStateError(failed: "reading names from \(path)", errno: errno)
            _ = tell(SavedNames(names: ClusterNames(), notices: ["\(error)"]))
        }
    }

    /// The names for a report, awaited when they are first looked up; nil when none were asked for and none were saved.
    ///
    /// - Parameter sources: may have saved names, which serve where none were asked for.
    func reportNames(of sources: [any StateSource]) -> ReportNames? {
        if request != nil { return ReportNames { [self] in tell(answer()) } }
        return saved(by: sources).map { saved in ReportNames { [self] in tell(saved) } }
    }

    /// The same, awaited now; no names where there are none.
    func names(of sources: [any StateSource]) -> ClusterNames {
        whole(of: sources).map { tell($0) } ?? ClusterNames()
    }

    /// The names with what is to be said of them, awaited now, for whoever saves them; nil where there are none.
    func whole(of sources: [any StateSource]) -> SavedNames? { request == nil ? saved(by: sources) : answer() }

    private static func text(of progress: ClusterFile.Progress, _ path: String) -> String {
        var line: [UInt8] = []
        line.appendVisible(path)
        let inAll = progress.bytesInAll.map { " of \($0 >> 20)" } ?? ""
        return "reading names from \(String(decoding: line, as: UTF8.self)): \(progress.bytesRead >> 20)\(inAll) MB, \(progress.objects) objects"
    }

    private func answer() -> SavedNames {
        defer { progress?.end() }
        guard let answer = request?.wait() else { return SavedNames(names: ClusterNames(), notices: []) }
        return SavedNames(names: answer.names, notices: answer.notices)
    }

    /// What the sources have kept; where that cannot be read, the reason stands for it.
    private func saved(by sources: [any StateSource]) -> SavedNames? {
        guard source == nil else { return nil }
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

    /// Says on standard error, once, what is missing of the names.
    func tell(_ saved: SavedNames) -> ClusterNames {
        if hasTold.exchange(true, ordering: .relaxed) { return saved.names }
        for notice in saved.notices {
            var line: [UInt8] = []
            line.appendVisible("kstate: \(notice)")
            printError(String(decoding: line, as: UTF8.self))
        }
        return saved.names
    }

    /// Ends a command whose output is written.
    ///
    /// - Throws: ``ExitStatus/unreadable`` where a file was asked for that could not be read, or not to its end. What an API server did
    ///   not tell in time is no failure: names are a help.
    func finish() throws(ExitStatus) {
        guard case .file = source else { return }
        _ = tell(answer())
        guard request?.wait().isComplete == true else { throw ExitStatus.unreadable }
    }
}
