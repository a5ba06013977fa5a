import Imports
import KernelState
import Snapshots

/// What `--from` names, as sources.
enum SavedSources {
    /// The places as they were at the moment asked for, or with all that lived in the stretch asked for.
    ///
    /// - Parameters:
    ///   - paths: files and recorders' directories, each with one place at least.
    ///   - namespaces: the only ones wanted, by their names; none takes all.
    static func open(_ paths: [String], namespaces: [String], stretch options: StretchOptions) throws -> [any StateSource] {
        let (histories, stretch) = try histories(paths, options)
        let sources = try collect(histories) { history in
            stretch.since == nil ? try history.state(at: stretch.until) : try history.states(over: stretch.range)
        }
        return try only(namespaces, of: sources)
    }

    /// The samples, for whoever compares them: all of a file, and of a recorder's directory the last before the moment asked for, or all
    /// of the stretch asked for.
    ///
    /// - Parameter count: how many of a recorder's directory.
    static func samples(
        _ paths: [String], namespaces: [String], stretch options: StretchOptions, count: Int
    ) throws -> [any StateSource] {
        let (histories, stretch) = try histories(paths, options)
        let sources = try collect(histories) { history in
            history.isRecording && stretch.since == nil
                ? try history.lastSamples(count, until: stretch.until ?? .max) : try history.samples(in: stretch.range)
        }
        return try only(namespaces, of: sources)
    }

    /// Two moments to be compared: `--since` names that of the first, and `--until` that of the second; the ends by default.
    static func pair(
        _ before: String, _ after: String, stretch options: StretchOptions
    ) throws -> (before: [any StateSource], after: [any StateSource]) {
        // Each alone: two texts are two moments here, and not two tables of one.
        let first = try open([before])
        let histories = try first + (after == before ? first : open([after]))
        let stretch = try stretch(of: histories, options)
        return (try only([], of: histories[0].state(at: stretch.sinceMoment)), try only([], of: histories[1].state(at: stretch.until)))
    }

    private static func histories(_ paths: [String], _ options: StretchOptions) throws -> ([any SavedMoments], SavedStretch) {
        let histories = try open(paths)
        return (histories, try stretch(of: histories, options))
    }

    private static func stretch(of histories: [any SavedMoments], _ options: StretchOptions) throws -> SavedStretch {
        let starts = histories.map(\.extent.lowerBound)
        let ends = histories.map(\.extent.upperBound)
        let extent = (starts.min() ?? 0)...(ends.max() ?? 0)
        var names: [String] = []
        // The two moments of a comparison may be of one file.
        for history in histories where !names.contains(history.path) { names.append(history.path) }
        return try SavedStretch(options, of: extent, name: names.joined(separator: ", "))
    }

    /// What a file is tells its content. Texts that are named one by one are of one node; a directory is a node of its own.
    private static func open(_ paths: [String]) throws(KernelStateError) -> [any SavedMoments] {
        var histories: [any SavedMoments] = []
        var texts: [ImportedSource] = []
        var opened: Set<String> = []
        for path in paths {
            guard opened.insert(ImportSearch.resolvedPath(path)).inserted else {
                printError("kstate: note: \(path) was given before, and is read once")
                continue
            }
            if SavedHistory.isRecording(path) {
                histories.append(try SavedHistory(path: path))
            } else if let sources = try ImportSearch.sources(at: path) {
                ImportReport.notePassedOver(among: sources)
                if ImportSearch.isDirectory(path) { histories.append(ImportedMoment(path: path, sources: sources)) } else { texts += sources }
            } else {
                histories.append(try SavedHistory(path: path))
            }
        }
        let joined = ImportSearch.joined(texts)
        if let first = joined.first { histories.append(ImportedMoment(path: first.path, sources: joined)) }
        return histories
    }

    /// What each has, and a word on one that has nothing of that time.
    private static func collect(
        _ histories: [any SavedMoments], _ read: (any SavedMoments) throws -> [any StateSource]
    ) rethrows -> [any StateSource] {
        try histories.flatMap { history in
            let sources = try read(history)
            if sources.isEmpty, histories.count > 1 { printError("kstate: note: \(history.path) holds nothing of that time") }
            return sources
        }
    }

    private static func only(_ namespaces: [String], of sources: [any StateSource]) throws(KernelStateError) -> [any StateSource] {
        guard !sources.isEmpty else {
            throw KernelStateError(
                operation: "looking at that time", cause: "no sample was taken in it", remedy: "`kstate snapshot info` shows when there were any")
        }
        let saved = sources.map(\.place.namespace.name)
        for namespace in namespaces where !saved.contains(namespace) {
            throw KernelStateError(
                operation: "looking for the network namespace \(namespace)", cause: "it was not saved",
                remedy: "there is \(saved.joined(separator: ", "))")
        }
        return namespaces.isEmpty ? sources : sources.filter { namespaces.contains($0.place.namespace.name) }
    }
}
