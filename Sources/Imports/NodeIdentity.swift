internal import KernelState

/// Which node a directory was saved on, and when, as far as files in it tell.
struct NodeIdentity {
    /// The host's name; nil where no file tells it.
    private(set) var name: String?
    /// `uname -r`; empty where no file tells it.
    private(set) var kernel = ""
    /// The node's clock as the files were made, in nanoseconds since 1970; nil where no file tells it.
    private(set) var time: UInt64?

    init(directory: String) {
        func words(_ path: String) -> [String]? { ContainedFile.path(path, in: directory).flatMap(Self.firstLine) }
        for path in ["sos_commands/host/hostname", "hostname", "etc/hostname"] where name == nil {
            if let line = words(path), line.count == 1 { name = line[0] }
        }
        // `Linux node1 6.1.0 #1 SMP …`, what `uname -a` prints
        for path in ["sos_commands/kernel/uname_-a", "uname"] where kernel.isEmpty {
            guard let line = words(path), line.count > 2, line[0] == "Linux" else { continue }
            name = name ?? line[1]
            kernel = line[2]
        }
        for path in ["sos_commands/date/date_--utc", "sos_commands/date/date", "date"] where time == nil {
            time = words(path).flatMap(DateText.time)
        }
    }

    private static func firstLine(_ path: String) -> [String]? {
        try? LineReader.first(of: path) { String(decoding: $0.prefix(512), as: UTF8.self).split(separator: " ").map(String.init) }
    }
}
