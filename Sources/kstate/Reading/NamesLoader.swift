import Glibc
import KernelState
import Kubernetes
import Rendering

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
            // Said at once: names are looked up late, and not at all where there is nothing to name.
            guard access(path, R_OK) == 0 else {
                let error = KernelStateError(failed: "reading names from \(path)", errno: errno)
                _ = Self.tell(SavedNames(names: ClusterNames(), notices: ["\(error)"]))
                request = nil
                return
            }
            let line = ProgressLine(after: 0.2, every: 0.1)
            progress = line
            request = .start(file: path) { line.show(Self.text(of: $0, path)) }
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
