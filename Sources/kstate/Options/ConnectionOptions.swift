import ArgumentParser
import Rendering

/// How connections are arranged: their order, and the columns of table and csv.
struct ConnectionOptions: ParsableArguments {
    // A key may begin with a dash.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sort by protocol, client, service, backend, state, timeout, packets, bytes or start; -KEY sorts downwards.", valueName: "key"))
    var sort: String?

    @Option(help: ArgumentHelp("The columns of table and csv, in order.", valueName: "name,…"))
    var columns: String?

    func validate() throws {
        if let sort, ConnectionOrder(sort) == nil {
            throw ValidationError("--sort \(sort): unknown; give \(ConnectionOrder.keyNames), with - before it to sort downwards")
        }
    }

    var order: ConnectionOrder? { sort.flatMap { ConnectionOrder($0) } }

    /// The columns of a format.
    ///
    /// - Throws: a ``ValidationError`` for an unknown column, and where there are none.
    func columns(of format: OutputOptions.Format) throws -> [Column] {
        guard let columns else {
            return format == .table ? Column.standard : format == .csv ? Column.records : Column.wide
        }
        guard [.table, .wide, .csv].contains(format) else {
            throw ValidationError("--columns and -o \(format.rawValue) exclude each other: only table, wide and csv have columns")
        }
        return try columns.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let column = Column(rawValue: name.lowercased()) else {
                let names = Column.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--columns '\(name)': unknown; there are \(names)")
            }
            return column
        }
    }
}
