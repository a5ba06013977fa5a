import KernelState
import Snapshots

/// What `--from` names, as sources.
enum SavedSources {
    /// - Parameters:
    ///   - paths: files, each with one place at least.
    ///   - namespace: the only one wanted, by its name; nil takes all.
    static func open(_ paths: [String], namespace: String?) throws(KernelStateError) -> [any StateSource] {
        var sources: [any StateSource] = []
        for path in paths { sources += try open(path) }
        guard let namespace else { return sources }
        let wanted = sources.filter { $0.place.namespace.name == namespace }
        if wanted.isEmpty {
            let names = sources.map(\.place.namespace.name).joined(separator: ", ")
            throw KernelStateError(
                operation: "looking for the network namespace \(namespace)", cause: "it was not saved", remedy: "there is \(names)")
        }
        return wanted
    }

    private static func open(_ path: String) throws(KernelStateError) -> [any StateSource] {
        let reader = try SnapshotReader(path: path)
        guard let sample = reader.samples.last else {
            throw KernelStateError(operation: "reading \(path)", cause: "it holds nothing", remedy: "take a snapshot")
        }
        return reader.sources(of: sample)
    }
}
