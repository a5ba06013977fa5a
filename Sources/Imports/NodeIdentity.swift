internal import KernelState

/// Which node a directory was saved on, as far as files in it tell.
struct NodeIdentity {
    /// The host's name; nil where no file tells it.
    private(set) var name: String?
    /// `uname -r`; empty where no file tells it.
    private(set) var kernel = ""

    init(directory: String) {
        for path in ["sos_commands/host/hostname", "hostname", "etc/hostname"] where name == nil {
            if let line = Self.firstLine("\(directory)/\(path)"), line.count == 1 { name = line[0] }
        }
        // `Linux node1 6.1.0 #1 SMP …`, what `uname -a` prints
        for path in ["sos_commands/kernel/uname_-a", "uname"] where kernel.isEmpty {
            guard let line = Self.firstLine("\(directory)/\(path)"), line.count > 2, line[0] == "Linux" else { continue }
            name = name ?? line[1]
            kernel = line[2]
        }
    }

    private static func firstLine(_ path: String) -> [String]? {
        try? LineReader.first(of: path) { String(decoding: $0.prefix(512), as: UTF8.self).split(separator: " ").map(String.init) }
    }
}
