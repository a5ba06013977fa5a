internal import KernelState

/// Where an sos report's tree has what: the outputs of commands are files that are called as the command was, in a folder for each plugin.
///
///     sos_commands/networking/ip_-d_address
///     sos_commands/networking/namespaces/red/ip_netns_exec_red_ip_-d_address_show     (before sos 4 without the two folders)
///     sos_commands/conntrack/ip_netns_exec_red_conntrack_-L_-o_extended
///     proc/net/nf_conntrack
struct ReportTree {
    /// What is looked at whole.
    static let folders = ["sos_commands", "proc"]
    static let resolver = "etc/resolv.conf"
    private static let networking = "sos_commands/networking/"
    private static let namespaces = networking + "namespaces/"
    /// What sos runs in a namespace.
    private static let commands = [
        "_conntrack_", "_ipvsadm_", "_sysctl_", "_cat_", "_ip_-", "_ip_route_", "_ip_address_", "_ip_neigh_", "_bridge_",
    ]

    /// The names of namespaces by the beginnings of names of files that they lead to; the longest first.
    private let prefixes: [(prefix: String, name: String)]

    init(_ directory: String) {
        let names = (try? DirectoryNames.all(in: "\(directory)/\(Self.namespaces)")) ?? []
        prefixes = names.map { (Self.fileName("ip netns exec \($0) "), $0) }.sorted { $0.prefix.count > $1.prefix.count }
    }

    /// False for a text that tells of something else than the node: of links, routes and neighbours there are those of containers too.
    func isOfNode(_ kind: TextKind, at path: String) -> Bool {
        switch kind {
        case .links, .routes, .neighbours, .forwarding: path.hasPrefix(Self.networking)
        case .resolver: path == Self.resolver
        default: true
        }
    }

    /// The network namespace that a file is of, by its path in the report.
    func namespace(of path: String) -> String {
        let parts = path.split(separator: "/")
        if path.hasPrefix(Self.namespaces), parts.count > 4 { return String(parts[3]) }
        guard let file = parts.last, file.hasPrefix("ip_netns_exec_") else { return "host" }
        if let known = prefixes.first(where: { file.hasPrefix($0.prefix) }) { return known.name }
        let rest = file.dropFirst("ip_netns_exec_".count)
        let end = Self.commands.compactMap { rest.firstRange(of: $0)?.lowerBound }.min()
        guard let end, end > rest.startIndex else { return "host" }
        return String(rest[..<end])
    }

    /// A command as the name of a file: each run of what is no letter, digit, `_`, `-`, `.` or `/` is one `_`, and a `/` is a dot.
    private static func fileName(_ command: String) -> String {
        var name = ""
        var isReplaced = false
        for character in command {
            let isKept = character.isLetter || character.isNumber || "_-./".contains(character)
            if isKept { name.append(character == "/" ? "." : character) } else if !isReplaced { name.append("_") }
            isReplaced = !isKept
        }
        return name
    }
}
