import ArgumentParser
import CLinux
import Glibc
import Rendering
import Terminal

/// How to show it.
struct OutputOptions: ParsableArguments {
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table, wide, json, jsonl, csv, conntrack
    }

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The output's form; conntrack prints the lines of `conntrack -L`.", valueName: "format"))
    var output: Format = .table

    @Option(
        help: ArgumentHelp(
            "Sort by protocol, client, service, backend, state, timeout, packets, bytes or start; -KEY sorts downwards.", valueName: "key"))
    var sort: String?

    @Option(help: ArgumentHelp("Show this many connections at most.", valueName: "number"))
    var limit: Int?

    @Flag(help: "Print the number of connections alone.")
    var count = false

    @Flag(name: .customLong("no-header"), help: "Leave the heading of table and csv out.")
    var noHeader = false

    @Option(help: ArgumentHelp("The columns of table and csv, in order.", valueName: "name,…"))
    var columns: String?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): give a number above 0") }
        if let sort, ConnectionOrder(sort) == nil {
            let names = ConnectionOrder.Key.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--sort \(sort): unknown; give \(names), with - before it to sort downwards")
        }
        if columns != nil, ![.table, .wide, .csv].contains(output) {
            throw ValidationError("--columns and -o \(output.rawValue) exclude each other: only table, wide and csv have columns")
        }
        _ = try resolvedColumns()
    }

    var order: ConnectionOrder? { sort.flatMap { ConnectionOrder($0) } }

    func resolvedColumns() throws -> [Column] {
        guard let columns else {
            return output == .table ? Column.standard : output == .csv ? Column.allCases.filter { $0 != .namespace } : Column.wide
        }
        return try columns.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let column = Column(rawValue: name.lowercased()) else {
                let names = Column.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--columns '\(name)': unknown; there are \(names)")
            }
            return column
        }
    }

    /// True when standard output is a terminal that shows colour.
    static var colour: Bool {
        isTerminal && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's columns; nil off a terminal.
    static var width: Int? { isTerminal ? TerminalSize.current(of: STDOUT_FILENO).columns : nil }
}
