internal import Glibc
internal import KernelState

/// Finds the texts below a directory: any, or an sos report's tree.
struct DirectorySearch {
    /// An sos report has thousands of files; those of these folders are looked at.
    private static let reportFolders = ["sos_commands", "proc"]
    private static let maximumDepth = 16

    /// The texts that were found, by the network namespace that their name tells; `host` for those without.
    private(set) var texts: [String: [SavedText]] = [:]

    /// - Throws: when the directory itself cannot be read. What is below it and cannot is passed over, as other files are.
    init(_ path: String) throws(KernelStateError) {
        let names = try DirectoryNames.all(in: path)
        let isReport = names.contains("sos_commands")
        for name in isReport ? Self.reportFolders : names { look(at: "\(path)/\(name)", name: name, depth: 0) }
    }

    private mutating func look(at path: String, name: String, depth: Int) {
        var status = stat()
        // A link leads to a file that is looked at where it is, or out of the tree.
        guard lstat(path, &status) == 0, depth <= Self.maximumDepth else { return }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            for name in (try? DirectoryNames.all(in: path)) ?? [] { look(at: "\(path)/\(name)", name: name, depth: depth + 1) }
        case S_IFREG:
            if let text = try? SavedText(path: path) { texts[Self.namespace(of: name), default: []].append(text) }
        default: break
        }
    }

    /// sos calls what it runs in a namespace `ip_netns_exec_NAME_conntrack_-L_-o_extended`.
    static func namespace(of name: String) -> String {
        let prefix = "ip_netns_exec_"
        guard name.hasPrefix(prefix) else { return "host" }
        let rest = name.dropFirst(prefix.count)
        let end = ["_conntrack_", "_ipvsadm_", "_sysctl_", "_cat_"].compactMap { rest.firstRange(of: $0)?.lowerBound }.min()
        guard let end, end > rest.startIndex else { return "host" }
        return String(rest[..<end])
    }
}
