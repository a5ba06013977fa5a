import Correlation
import KernelState

/// A pod's resolv.conf with more nameservers than a resolver takes, or with none of the cluster's.
struct ResolverList: Rule {
    static let id = "resolver-list"
    /// `MAXNS` of the C library: what follows is not asked.
    private static let limit = 3

    func report(on subject: Case) -> RuleReport {
        // On a node itself the list is the site's business: kubelet passes it on only where it is asked to.
        guard subject.place.namespace.name.hasPrefix("pid ") else { return .silence }
        guard let text = subject.last.facts.resolverConfiguration else {
            return .unchecked("the process's /etc/resolv.conf could not be read: run as root")
        }
        let servers = Self.nameservers(text)
        var findings: [Finding] = []
        if servers.count > Self.limit { findings.append(tooMany(servers)) }
        let cluster = Self.clusterServers(subject)
        if !cluster.isEmpty, !servers.contains(where: { cluster.contains($0) || $0.isLinkLocal }) { findings.append(foreign(servers, cluster)) }
        return RuleReport(
            findings: findings,
            unchecked: cluster.isEmpty ? "the cluster's DNS addresses are not known here: --kube, or the node's own namespace" : nil)
    }

    static func nameservers(_ text: String) -> [IPAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0] == "nameserver" else { return nil }
            return IPAddress(words[1].prefix { $0 != "%" })
        }
    }

    /// Addresses on which services answer on port 53: the cluster's own by its list, else every one in the tables.
    private static func clusterServers(_ subject: Case) -> Set<IPAddress> {
        let named = subject.last.names.services.filter { $0.ports.contains { $0.port == 53 } }.flatMap(\.clusterAddresses)
        if !named.isEmpty { return Set(named) }
        return Set(subject.services.compactMap(\.endpoint).filter { $0.port == 53 }.map(\.address))
    }

    private func tooMany(_ servers: [IPAddress]) -> Finding {
        var finding = Finding(
            rule: Self.id, severity: .warning,
            title: "resolv.conf names \(servers.count) nameservers, of which the C library asks \(Self.limit)",
            cause: "kubelet or an init script joined the node's list and the cluster's; what is beyond the third is never asked.",
            remedy: "Give kubelet a shorter list with --resolv-conf, or the pod its own dnsConfig.", references: [])
        finding.evidence = ["nameserver " + servers.map { "\($0)" }.joined(separator: ", ")]
        finding.measures = [Measure("nameservers", servers.count)]
        return finding
    }

    private func foreign(_ servers: [IPAddress], _ cluster: Set<IPAddress>) -> Finding {
        let wanted = cluster.sorted().prefix(3).map { "\($0)" }.joined(separator: ", ")
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "resolv.conf names none of the cluster's DNS addresses (\(wanted))",
            cause: "kubelet's --cluster-dns or the pod's dnsPolicy leads elsewhere: names of services are not found.",
            remedy: "dnsPolicy ClusterFirst (ClusterFirstWithHostNet on the host's network), and kubelet's clusterDNS set to the service's address.",
            references: [])
        finding.evidence = ["nameserver " + (servers.isEmpty ? "none" : servers.map { "\($0)" }.joined(separator: ", "))]
        finding.measures = [Measure("nameservers", servers.count)]
        return finding
    }
}

extension IPAddress {
    /// 169.254.0.0/16 or fe80::/10: where the node-local cache listens.
    fileprivate var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 == 0xa9fe : high >> 54 == 0xfe80 >> 6
    }
}
