import Correlation
import Filters
import KernelState

/// Looks, where several nodes were saved, for the other end of each connection that leaves one of them for another.
enum TwinReading {
    /// Reads what the filter admits, and then every node's whole conntrack table for the twins of that; nil where there is one
    /// node alone.
    static func index(_ sources: [any StateSource], filter: ConnectionFilter) -> TwinIndex? {
        guard let first = sources.first, sources.contains(where: { $0.place.node != first.place.node }) else { return nil }
        var index = TwinIndex()
        for (place, source) in sources.enumerated() {
            let reading = TableReading(source, at: PlaceIndex(place), filter: filter, mode: .never)
            _ = reading.read(isEnough: { false }) { connection in
                if let flow = connection.conntrack { index.want(flow) }
            }
        }
        for (place, source) in sources.enumerated() where !index.isEmpty {
            forEachEntry(of: source) { index.offer($0, at: PlaceIndex(place)) }
        }
        return index
    }

    /// A table that cannot be read has no twins to give: whoever reads it for its own sake says why.
    static func forEachEntry(of source: any StateSource, _ body: (Flow) -> Void) {
        guard let table = try? source.openConntrack(.confirmed, walks: nil) else { return }
        var more = true
        while more {
            more = (try? table.next(where: { _ in true }) { body(copy $0) }) ?? false
        }
    }
}
