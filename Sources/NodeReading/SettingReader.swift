internal import Glibc
internal import KernelState
internal import Netlink

/// Reads the kernel's settings that bear on service traffic, as the calling thread's namespace has them.
enum SettingReader {
    private static let root = "/proc/sys/net"

    /// Directories below net/, and what the names of the wanted files begin with.
    private static let directories = [
        (path: "netfilter", prefixes: ["nf_conntrack_", "nf_flowtable_"]),
        (path: "ipv4/vs", prefixes: [""]),
        (path: "bridge", prefixes: ["bridge-nf-call-"]),
        (path: "ipv4/neigh/default", prefixes: ["gc_thresh"]),
        (path: "ipv6/neigh/default", prefixes: ["gc_thresh"]),
    ]

    private static let files = [
        "ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv4/ip_local_port_range", "ipv4/ip_local_reserved_ports", "ipv4/ip_nonlocal_bind",
        "ipv4/tcp_keepalive_time", "ipv4/tcp_keepalive_intvl", "ipv4/tcp_keepalive_probes", "ipv4/tcp_fin_timeout", "ipv4/tcp_tw_reuse",
        "ipv4/conf/all/arp_announce", "ipv4/conf/all/arp_ignore", "ipv4/conf/all/route_localnet",
    ]

    /// Settings by their dotted name. What this kernel or namespace does not have is left out.
    ///
    /// - Parameter problems: takes an error for what is there and could not be read, one for all.
    static func settings(_ problems: inout [KernelStateError]) -> [String: String] {
        var settings: [String: String] = [:]
        var refused: (count: Int, error: KernelStateError)?
        for path in paths() {
            do throws(KernelStateError) {
                let bytes = try KernelFile(path: "\(root)/\(path)").contents()
                settings[name(of: path)] = text(bytes)
            } catch {
                if error.code != ENOENT { refused = ((refused?.count ?? 0) + 1, error) }
            }
        }
        if let refused {
            problems.append(
                KernelStateError(
                    operation: "reading the kernel's settings", cause: "\(refused.count) could not be read, such as \(refused.error)",
                    code: refused.error.code))
        }
        return settings
    }

    private static func paths() -> [String] {
        let listed = directories.flatMap { directory in
            KernelDirectory.entries(of: "\(root)/\(directory.path)")
                .filter { name in directory.prefixes.contains { name.hasPrefix($0) } }.map { "\(directory.path)/\($0)" }
        }
        // The stricter of a link's own and that of `all` holds.
        let filters = KernelDirectory.entries(of: "\(root)/ipv4/conf").map { "ipv4/conf/\($0)/rp_filter" }
        return listed + files + filters
    }

    /// `net.ipv4.conf.eth0/100.rp_filter`: sysctl(8) writes the dot of a link's name as a slash.
    static func name(of path: String) -> String {
        "net."
            + path.split(separator: "/").map { $0.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/") }.joined(
                separator: ".")
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}
