/// A cluster's names as a file has kept them, with what was said to whoever got them. One object for all places of a file.
public final class SavedNames: Sendable {
    public let names: ClusterNames
    /// Sentences for the user: those of ``names`` and, before them, what else was met as the names were got.
    public let notices: [String]

    public init(names: ClusterNames, notices: [String]) {
        self.names = names
        self.notices = notices
    }

    /// Several files' names as those of one cluster; of an object that comes twice the last is kept. nil for no names at all.
    public static func joined(_ all: [SavedNames]) -> SavedNames? {
        var saved: [SavedNames] = []
        for names in all where !saved.contains(where: { $0 === names }) { saved.append(names) }
        guard let first = saved.first else { return nil }
        if saved.count == 1 { return first }
        let names = ClusterNames(
            services: saved.flatMap(\.names.services), endpoints: saved.flatMap(\.names.endpoints), pods: saved.flatMap(\.names.pods),
            nodes: saved.flatMap(\.names.nodes))
        var others: [String] = []
        for notice in saved.flatMap({ $0.notices.dropLast($0.names.notices.count) }) where !others.contains(notice) { others.append(notice) }
        return SavedNames(names: names, notices: others + names.notices)
    }
}
