import ArgumentParser
import Glibc
import Netlink
import Rendering
import Terminal

/// The lines of a watch into a pipe or file.
enum WatchLineForm {
    case json, text
}

/// `--watch` of any command: a live table on a terminal, lines into anything else.
struct WatchRun {
    /// The command's name, for the screen's first line.
    let command: String
    let places: PlaceOptions
    let selection: WatchSelection
    let format: OutputOptions.Format

    /// Runs until a signal, a key or the output's end stops it.
    func run(screen content: some LiveContent, lines: (WatchLineForm) -> some WatchOutput) throws {
        let found = try places.found()  // what is not there is said before a terminal is taken
        let signals = try SignalQueue()
        if format != .jsonl, OutputOptions.isTerminal, let session = TerminalSession(descriptor: STDIN_FILENO) {
            try run(found, LiveOutput(session, command: command, content: content), signals)
        } else {
            try run(found, lines(format == .jsonl ? .json : .text), signals)
        }
    }

    private func run(_ found: [FoundNamespace], _ output: some WatchOutput, _ signals: borrowing SignalQueue) throws {
        try ConnectionWatch(found, of: places, selection, output: output).run(signals)
    }

    /// Refuses what a watch cannot do.
    static func validate(_ output: OutputOptions, _ sources: SourceOptions) throws {
        if output.count || output.limit != nil || output.noHeader {
            throw ValidationError("--watch does not go with --count, --limit or --no-header")
        }
        if !sources.from.isEmpty { throw ValidationError("--watch and --from exclude each other: a file does not change") }
        if ![.table, .wide, .jsonl].contains(output.output) {
            throw ValidationError("--watch and -o \(output.output.rawValue) exclude each other: a watch prints a table or jsonl")
        }
    }
}
