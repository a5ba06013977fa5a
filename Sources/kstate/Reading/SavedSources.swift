import Imports
import KernelState
import Snapshots

/// What `--from` names, as sources.
enum SavedSources {
    /// - Parameters:
    ///   - paths: files, each with one place at least.
    ///   - namespace: the only one wanted, by its name; nil takes all.
    ///   - everySample: all moments that a file has kept, and not the last alone.
    static func open(_ paths: [String], namespace: String?, everySample: Bool = false) throws(KernelStateError) -> [any StateSource] {
        var sources: [any StateSource] = []
        for path in paths { sources += try open(path, everySample: everySample) }
        guard let namespace else { return sources }
        let wanted = sources.filter { $0.place.namespace.name == namespace }
        if wanted.isEmpty {
            let names = sources.map(\.place.namespace.name).joined(separator: ", ")
            throw KernelStateError(
                operation: "looking for the network namespace \(namespace)", cause: "it was not saved", remedy: "there is \(names)")
        }
        return wanted
    }

    private static func open(_ path: String, everySample: Bool) throws(KernelStateError) -> [any StateSource] {
        // What a file is tells its content.
        if let imported = try ImportSearch.sources(at: path) { return imported }
        let reader = try SnapshotReader(path: path)
        guard let sample = reader.samples.last else {
            throw KernelStateError(operation: "reading \(path)", cause: "it holds nothing", remedy: "take a snapshot")
        }
        return everySample ? reader.samples.flatMap { reader.sources(of: $0) } : reader.sources(of: sample)
    }
}
