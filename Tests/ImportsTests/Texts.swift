import Conntrack
import Glibc
import KernelState

@testable import Imports

/// Parses a line by a parser that reads from bytes.
func parse<Result>(_ line: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    Array(line.utf8).withUnsafeBytes { body($0) }
}

/// An entry of `conntrack -L` or /proc/net/nf_conntrack, as if printed at `takenAt`.
func flow(_ line: String, takenAt: UInt64 = 1_795_533_519_000_000_000) -> Flow? {
    parse(line) {
        var parser = FlowLineParser($0, takenAt: takenAt)
        return parser.flow()
    }
}

/// Runs `body` with the path of a file that holds `text`.
func withFile<Result>(_ text: String, _ body: (String) throws -> Result) rethrows -> Result {
    var name = Array("/tmp/kstate-imports-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    return try body(path)
}

/// Everything that a source hands out.
func entries<Entry>(_ source: any EntrySource<Entry>) throws -> [Entry] {
    var entries: [Entry] = []
    while try source.next(where: { _ in true }, { entries.append(copy $0) }) {}
    return entries
}

/// Runs `body` with the paths of files that hold the texts.
func withFiles<Result>(_ texts: [String], paths: [String] = [], _ body: ([String]) throws -> Result) rethrows -> Result {
    guard let text = texts.first else { return try body(paths) }
    return try withFile(text) { try withFiles(Array(texts.dropFirst()), paths: paths + [$0], body) }
}

/// Runs `body` with a directory that holds files, by their paths in it.
func withDirectory<Result>(_ files: [String: String], _ body: (String) throws -> Result) rethrows -> Result {
    var template = Array("/tmp/kstate-imports-test-XXXXXX".utf8CString)
    mkdtemp(&template)
    let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var made = [directory]
    for (path, text) in files {
        let parts = path.split(separator: "/")
        for depth in parts.indices.dropLast() {
            let folder = directory + "/" + parts[...depth].joined(separator: "/")
            if mkdir(folder, 0o700) == 0 { made.append(folder) }
        }
        let file = fopen("\(directory)/\(path)", "w")
        fputs(text, file)
        fclose(file)
    }
    defer {
        for path in files.keys { unlink("\(directory)/\(path)") }
        for folder in made.reversed() { rmdir(folder) }
    }
    return try body(directory)
}
