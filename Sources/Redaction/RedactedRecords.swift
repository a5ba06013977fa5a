internal import KernelState

// The kernel's records with other addresses and names.

extension Redaction {
    func redacted(_ flow: Flow) -> Flow {
        var flow = flow
        flow.original = redacted(flow.original)
        flow.reply = redacted(flow.reply)
        return flow
    }

    func redacted(_ connection: IPVSConnection) -> IPVSConnection {
        var connection = connection
        connection.client = redacted(connection.client)
        // A firewall mark stands where the service's address would.
        if connection.firewallMark == nil { connection.service = redacted(connection.service) }
        connection.backend = redacted(connection.backend)
        return connection
    }

    func redacted(_ service: VirtualService) -> VirtualService {
        var service = service
        if case .address(let transport, let endpoint) = service.identity { service.identity = .address(transport, redacted(endpoint)) }
        for index in service.backends.indices { service.backends[index].endpoint = redacted(service.backends[index].endpoint) }
        return service
    }

    func redacted(_ endpoint: Endpoint) -> Endpoint { Endpoint(address: addresses.map(endpoint.address), detail: endpoint.detail) }

    private func redacted(_ tuple: Tuple) -> Tuple {
        var tuple = tuple
        tuple.source = addresses.map(tuple.source)
        tuple.destination = addresses.map(tuple.destination)
        return tuple
    }

    // MARK: Facts

    func redacted(_ facts: NodeFacts) -> NodeFacts {
        var facts = facts
        facts.interfaces = facts.interfaces.map { redacted($0) }
        facts.sysctls = Dictionary(facts.sysctls.filter { Self.isHarmless($0.value) }.map { (redacted(setting: $0.key), $0.value) }) { $1 }
        if var ipvs = facts.ipvs {
            ipvs.daemons = ipvs.daemons.map { daemon in
                IPVSDaemon(role: daemon.role, interface: names.interface(daemon.interface), syncIdentifier: daemon.syncIdentifier)
            }
            facts.ipvs = ipvs
        }
        facts.routes = facts.routes.map { redacted($0) }
        facts.neighbours = facts.neighbours.map { redacted($0) }
        facts.resolverConfiguration = facts.resolverConfiguration.map { redacted(resolver: $0) }
        facts.problems = facts.problems.map { redacted($0) }
        return facts
    }

    /// Numbers, and words of letters: a text from elsewhere may hold keys and addresses among its settings, `net.ipv4.tcp_fastopen_key` or
    /// `net.ipv6.conf.eth0.stable_secret`.
    private static func isHarmless(_ value: String) -> Bool {
        value.split(whereSeparator: \.isWhitespace).allSatisfy { word in
            word.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ",") }
                || word.first?.isLetter == true && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        }
    }

    private func redacted(_ link: NetworkInterface) -> NetworkInterface {
        var link = link
        link.name = names.interface(link.name)
        link.addresses = link.addresses.map { AddressPrefix(addresses.map($0.address), length: $0.length) }
        link.tunnelLocal = link.tunnelLocal.map { addresses.map($0) }
        link.tunnelRemote = link.tunnelRemote.map { addresses.map($0) }
        return link
    }

    private func redacted(_ route: Route) -> Route {
        var route = route
        route.destination = addresses.map(network: route.destination)
        route.gateway = route.gateway.map { addresses.map($0) }
        route.preferredSource = route.preferredSource.map { addresses.map($0) }
        return route
    }

    private func redacted(_ neighbour: Neighbour) -> Neighbour {
        var neighbour = neighbour
        neighbour.address = neighbour.address.map { addresses.map($0) }
        neighbour.linkAddress = neighbour.linkAddress.map { addresses.map(linkAddress: $0) }
        neighbour.tunnelDestination = neighbour.tunnelDestination.map { addresses.map($0) }
        return neighbour
    }

    /// `net.ipv4.conf.eth0/100.rp_filter`: the one part of a setting's name that names something, its dots written as slashes.
    private func redacted(setting: String) -> String {
        var parts = setting.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, ["conf", "neigh"].contains(parts[2]) else { return setting }
        let name = parts[3].split(separator: "/", omittingEmptySubsequences: false).joined(separator: ".")
        parts[3] = names.interface(name).split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/")
        return parts.joined(separator: ".")
    }

    /// The lines of a resolv.conf that a resolver heeds; remarks, and what is none of them, are left out.
    private func redacted(resolver text: String) -> String {
        var lines: [String] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            switch words.first {
            case "nameserver": lines.append("nameserver " + (words.dropFirst().first.map { redacted(server: $0) } ?? ""))
            case "search", "domain": lines.append(([words[0]] + words.dropFirst().map { names.domain($0) }).joined(separator: " "))
            case "options": lines.append((["options"] + words.dropFirst().filter(Self.isOption)).joined(separator: " "))
            default: continue
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// A server's address, after which a link-local one may name its interface.
    private func redacted(server: String) -> String {
        let parts = server.split(separator: "%", maxSplits: 1)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return "" }
        return addresses.map(address).description + (parts.count > 1 ? "%" + names.interface(String(parts[1])) : "")
    }

    /// resolv.conf(5).
    private static func isOption(_ word: String) -> Bool {
        let name = word.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
        return [
            "ndots", "timeout", "attempts", "rotate", "no-check-names", "inet6", "edns0", "single-request", "single-request-reopen",
            "no-tld-query", "use-vc", "no-reload", "trust-ad", "no-aaaa", "debug",
        ].contains(name)
    }
}
