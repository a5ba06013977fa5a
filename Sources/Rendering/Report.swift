public import KernelState

/// What stands at the head of every report, and what its records refer to: the places that were read.
public struct ReportHeader: Sendable {
    /// Those that were read, one at least; a record names its own by its index.
    public var places: [Place]
    /// What the cluster calls the addresses; nil where nobody asked for names.
    public var names: ReportNames?

    public init(places: [Place], names: ReportNames? = nil) {
        self.places = places
        self.names = names
    }

    /// True when records must say of which node they are.
    var hasSeveralNodes: Bool { places.hasSeveralNodes }
    /// True when records must say of which namespace they are.
    var hasSeveralNamespaces: Bool { places.contains { $0.node == places[0].node && $0.namespace != places[0].namespace } }

    /// The columns, with those that tell places apart where there are several and nobody asked for these, and with names where
    /// they are known and nobody chose the columns.
    func withPlaces(_ columns: [Column]) -> [Column] {
        let columns = names != nil && (columns == Column.standard || columns == Column.wide) ? Column.withNames(columns) : columns
        var places: [Column] = []
        if hasSeveralNodes { places.append(.node) }
        if hasSeveralNamespaces { places.append(.namespace) }
        let twin: [Column] = hasSeveralNodes ? [.twin] : []
        return places.filter { !columns.contains($0) } + columns + twin.filter { !columns.contains($0) }
    }

    func place(_ index: PlaceIndex) -> Place? { places.indices.contains(Int(index)) ? places[Int(index)] : nil }
}

/// How much of each table was seen; nil for a table that was not asked for.
public struct ReportTables: Sendable, Hashable {
    public var conntrack: TableCoverage?
    public var ipvs: TableCoverage?

    public init(conntrack: TableCoverage? = nil, ipvs: TableCoverage? = nil) {
        self.conntrack = conntrack
        self.ipvs = ipvs
    }
}

/// Writes connections in one format. A writer is begun once, given each connection, and ended once.
public protocol ConnectionWriter {
    mutating func begin(_ header: ReportHeader, to output: inout OutputSink)
    mutating func write(_ connection: Connection, to output: inout OutputSink)
    mutating func end(_ tables: ReportTables, to output: inout OutputSink)
}
