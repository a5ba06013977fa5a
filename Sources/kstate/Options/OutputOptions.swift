import ArgumentParser
import CLinux
import Glibc
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

    @Option(help: ArgumentHelp("Show this many at most.", valueName: "number"))
    var limit: Int?

    @Flag(help: "Print their number alone.")
    var count = false

    @Flag(name: .customLong("no-header"), help: "Leave the heading of table and csv out.")
    var noHeader = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit \(limit): give a number above 0") }
    }

    /// True when standard output is a terminal that shows colour.
    static var colour: Bool {
        isTerminal && getenv("NO_COLOR").map { $0.pointee == 0 } ?? true && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
    }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The terminal's columns; nil off a terminal.
    static var width: Int? { isTerminal ? TerminalSize.current(of: STDOUT_FILENO).columns : nil }
}
