public import ArgumentParser
public import Filters
import KernelState

/// What to show: every option given must hold, and of an option's several values one.
struct FilterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Show connections whose service or backend has one of these ports; a client's own port does not count.", valueName: "port,…"))
    var port: [String] = []

    @Option(help: ArgumentHelp("Show connections of this client. May be repeated.", valueName: "addr[/len][:port]"))
    var client: [String] = []

    @Option(
        help: ArgumentHelp(
            "Show connections to this service: the address and port that the client asked. May be repeated.", valueName: "addr[/len][:port]"))
    var service: [String] = []

    @Option(
        help: ArgumentHelp("Show connections to this backend: the address and port that answers. May be repeated.", valueName: "addr[/len][:port]"))
    var backend: [String] = []

    @Option(name: .customLong("protocol"), help: ArgumentHelp("Show these protocols: names or numbers.", valueName: "tcp,udp,…"))
    var protocols: [String] = []

    @Option(
        help: ArgumentHelp(
            "Show connections that one of the tables has in one of these states, by the kernel's names, or that conntrack marks so: "
                + "UNREPLIED, SEEN_REPLY, ASSURED, OFFLOAD.", valueName: "state,…"))
    var state: [String] = []

    @Flag(help: "Show connections of which conntrack has seen no answer.")
    var unreplied = false

    @Option(help: ArgumentHelp("Show IPv4 or IPv6 alone.", valueName: "4|6"))
    var family: String?

    @Option(help: ArgumentHelp("Read this table alone.", valueName: "conntrack|ipvs"))
    var table: String?

    @Option(help: ArgumentHelp("Show entries of this conntrack zone.", valueName: "number"))
    var zone: UInt16?

    @Option(help: ArgumentHelp("Show entries with this conntrack mark.", valueName: "value[/mask]"))
    var mark: String?

    @Option(
        help: ArgumentHelp(
            """
            Let the kernel filter the conntrack table. auto does so when it is quicker and holds a CPU for no more than 20 ms; \
            always does so wherever the kernel can.
            """, valueName: "auto|always|never"))
    var kernelFilter: KernelFilterMode = .auto

    /// True when a part of the tables is hidden.
    var narrows: Bool {
        let words = [port, client, service, backend, protocols, state]
        return words.contains { !$0.isEmpty } || unreplied || family != nil || table != nil || zone != nil || mark != nil
    }

    /// The filter, checked.
    func resolved() throws -> ConnectionFilter {
        do {
            var filter = ConnectionFilter()
            if !port.isEmpty { filter.ports = try PortSet(port) }
            filter.clients = try patterns(client, option: "--client")
            filter.services = try patterns(service, option: "--service")
            filter.backends = try patterns(backend, option: "--backend")
            filter.protocols = try ConnectionFilter.protocols(protocols)
            filter.states = try ConnectionFilter.states(state)
            filter.unreplied = unreplied
            filter.family = try resolvedFamily()
            filter.table = try resolvedTable()
            filter.zone = zone
            if let mark { filter.mark = try ConnectionFilter.mark(mark) }
            try filter.checkForContradictions()
            return filter
        } catch let error as FilterError {
            throw ValidationError(error.description)
        }
    }

    private func patterns(_ texts: [String], option: String) throws(FilterError) -> [EndpointPattern] {
        var patterns: [EndpointPattern] = []
        for text in texts {
            for word in text.split(separator: ",", omittingEmptySubsequences: false) {
                patterns.append(try EndpointPattern(String(word), option: option))
            }
        }
        return patterns
    }

    private func resolvedFamily() throws -> AddressFamily? {
        switch family {
        case nil: return nil
        case "4", "ipv4": return .ipv4
        case "6", "ipv6": return .ipv6
        case let other?: throw ValidationError("--family \(other): give 4 or 6")
        }
    }

    private func resolvedTable() throws -> KernelTable? {
        guard let table else { return nil }
        guard let known = KernelTable(rawValue: table) else { throw ValidationError("--table \(table): give conntrack or ipvs") }
        return known
    }
}

extension KernelFilterMode: ExpressibleByArgument {}
