internal import KernelState

/// Replaces names by such that say no more than what they are of: `node-3f2a…`, the same each time and with the same key.
struct NameMapping {
    /// What a name is of: one name of two kinds gets two replacements.
    enum Kind: String, CaseIterable {
        case node, space, interface, label, service, pod, port, file
    }

    private let hash: SipHash
    /// What has been replaced, for the sentences that quote it.
    private(set) var replaced: [String: String] = [:]

    init(_ hash: SipHash) { self.hash = hash }

    mutating func node(_ name: String) -> String { replace(name, .node) }

    /// A network namespace: the node's own, kstate's own and a process' by its number name nobody.
    mutating func namespace(_ name: String) -> String {
        if name == "host" || name == "self" || name.hasPrefix("pid ") { return name }
        let mapped = replace(name, .space)
        if name.hasPrefix("/"), let last = name.split(separator: "/").last { replaced[String(last)] = mapped }
        return mapped
    }

    /// An interface keeps the beginning that says what made it, in no more than the kernel's 15 bytes (`IFNAMSIZ`).
    mutating func interface(_ name: String) -> String {
        if WellKnownNames.interfaces.contains(name) { return name }
        let beginning = WellKnownNames.interfaceBeginnings.first { name.hasPrefix($0) } ?? "if"
        let mapped = beginning + digits(name, .interface).prefix(8)
        replaced[name] = mapped
        return mapped
    }

    /// A namespace of the cluster, which is a label of DNS names too.
    mutating func label(_ name: String) -> String { WellKnownNames.labels.contains(name) ? name : replace(name, .label) }

    mutating func service(_ name: String) -> String { WellKnownNames.services.contains(name) ? name : replace(name, .service) }

    mutating func pod(_ name: String) -> String { replace(name, .pod) }

    mutating func port(_ name: String) -> String { WellKnownNames.ports.contains(name) ? name : replace(name, .port) }

    mutating func file(_ name: String) { _ = replace(name, .file) }

    /// Each label of a DNS name for itself, so that one name still ends in another.
    mutating func domain(_ name: String) -> String {
        name.split(separator: ".", omittingEmptySubsequences: false).map { label(String($0)) }.joined(separator: ".")
    }

    private mutating func replace(_ name: String, _ kind: Kind) -> String {
        if name.isEmpty { return name }
        let mapped = "\(kind.rawValue)-\(digits(name, kind))"
        replaced[name] = mapped
        return mapped
    }

    /// Twelve hexadecimal digits: of ten thousand names two are alike with a chance of 1 in five million.
    private func digits(_ name: String, _ kind: Kind) -> String {
        let number = hash.hash(Array("\(kind.rawValue)\n\(name)".utf8)) & 0xffff_ffff_ffff
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 12 - digits.utf8.count) + digits
    }
}

/// Names that every node or cluster has, and that tell nothing of this one.
enum WellKnownNames {
    static let interfaces: Set<String> = [
        "lo", "all", "default", "kube-ipvs0", "kube-bridge", "nodelocaldns", "cni0", "docker0", "flannel.1", "flannel-v6.1", "flannel-wg", "tunl0",
        "vxlan.calico", "vxlan-v6.calico", "wireguard.cali", "cilium_host", "cilium_net", "cilium_vxlan", "cilium_wg0", "lxc_health",
        "weave", "ovn-k8s-mp0", "br-int", "antrea-gw0", "sit0", "ip6tnl0", "ip6gre0", "ip6_vti0", "ip_vti0", "gre0", "gretap0", "erspan0",
        "dummy0", "bonding_masters",
    ]
    static let interfaceBeginnings = [
        "veth", "cali", "lxc", "eth", "ens", "eno", "enp", "enx", "en", "bond", "team", "br", "docker", "vxlan", "geneve", "gre", "ipip",
        "wg", "tap", "tun", "dummy", "ipvs", "vlan", "macvlan", "ipvlan", "wlan", "wl",
    ]
    static let labels: Set<String> = ["", "default", "kube-system", "kube-public", "kube-node-lease", "svc", "cluster", "local"]
    static let services: Set<String> = ["kubernetes", "kube-dns", "coredns"]
    static let ports: Set<String> = ["", "dns", "dns-tcp", "metrics", "http", "https", "grpc"]
}
