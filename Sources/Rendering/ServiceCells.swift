internal import KernelState

// What each column says of a service or backend.

extension ServiceColumn {
    public func appendCell(_ row: ServiceRow, in header: ReportHeader, to output: inout [UInt8]) {
        let start = output.count
        switch self {
        case .node: if let place = header.place(row.service.place) { output.appendVisible(place.node) }
        case .namespace: if let place = header.place(row.service.place) { output.appendVisible(place.namespace.name) }
        case .tree: appendTree(row, to: &output)
        case .protocol: if let transport = row.service.transport { output.append(contentsOf: transport.name.utf8) }
        case .service: appendService(row.service, to: &output)
        case .name: if let name = row.backend.map({ $0.pod ?? $0.node }) ?? row.service.name { output.appendVisible(name) }
        case .backend: row.backend?.endpoint.write(to: &output)
        case .pod: if let pod = row.backend?.pod { output.appendVisible(pod) }
        case .podNode: if let node = row.backend?.node { output.appendVisible(node) }
        case .evidence: if let evidence = row.backend?.evidence { output.appendVisible(evidence) }
        case .verdict: if let backend = row.backend { output.append(contentsOf: backend.verdict.rawValue.utf8) }
        case .scheduler, .flags, .persistence, .sources, .withoutBackend: appendConfiguration(row, to: &output)
        case .forwarding, .weight, .active, .inactive: appendDestination(row, to: &output)
        case .connections, .replied, .unreplied, .oldest, .templates, .ipvs, .conntrack, .ipvsTop, .conntrackTop: appendCounts(row, to: &output)
        case .new, .ended, .failed: appendRates(row, to: &output)
        default: appendCounters(row.backend.map(\.counters) ?? row.service.counters, to: &output)
        }
        if output.count == start { output.append(UInt8(ascii: "-")) }
    }

    private func appendTree(_ row: ServiceRow, to output: inout [UInt8]) {
        if let backend = row.backend {
            output.append(row.isLast ? "└ " : "├ ")
            return backend.endpoint.write(to: &output)
        }
        if let transport = row.service.transport { output.append(contentsOf: (transport.name + " ").utf8) }
        appendService(row.service, to: &output)
    }

    private func appendService(_ service: ServiceState, to output: inout [UInt8]) {
        switch service.identity {
        case .address(_, let endpoint): endpoint.write(to: &output)
        case .firewallMark(let mark, let family):
            output.append(family == .ipv4 ? "fwmark " : "fwmark ipv6 ")
            output.appendDecimal(UInt64(mark))
        }
    }

    private func appendConfiguration(_ row: ServiceRow, to output: inout [UInt8]) {
        let service = row.service
        switch self {
        case .scheduler: if let scheduler = service.scheduler { output.appendVisible(scheduler) }
        case .flags: output.append(contentsOf: service.flagNames.joined(separator: " ").utf8)
        case .persistence: if let seconds = service.persistence { output.appendDecimal(UInt64(seconds)) }
        case .sources: output.append(contentsOf: service.sources.list.joined(separator: "+").utf8)
        case .withoutBackend: output.appendDecimal(UInt64(service.withoutBackend))
        default: break
        }
    }

    private func appendDestination(_ row: ServiceRow, to output: inout [UInt8]) {
        guard let backend = row.backend else { return }
        switch self {
        case .forwarding: if let forwarding = backend.forwarding { output.append(contentsOf: forwarding.name.utf8) }
        case .weight: if let weight = backend.weight { output.appendDecimal(UInt64(weight)) }
        case .active: if let active = backend.activeConnections { output.appendDecimal(UInt64(active)) }
        case .inactive: if let inactive = backend.inactiveConnections { output.appendDecimal(UInt64(inactive)) }
        default: break
        }
    }

    /// Numbers of a service are the sums over its backends; states are shown for each backend alone.
    private func appendCounts(_ row: ServiceRow, to output: inout [UInt8]) {
        func sum(_ count: (ConnectionCounts) -> Int) -> UInt64 { UInt64(row.backends.reduce(0) { $0 + count($1.connections) }) }
        switch self {
        case .connections: output.appendDecimal(sum(\.total))
        case .replied: output.appendDecimal(sum(\.replied))
        case .unreplied: output.appendDecimal(sum(\.unreplied))
        case .templates: output.appendDecimal(sum(\.templates))
        case .oldest:
            if let oldest = row.backends.compactMap(\.connections.oldestUnreplied).max() { output.appendDecimal(UInt64(oldest)) }
        case .ipvs: append(row.backend?.connections.ipvs ?? [], to: &output)
        case .conntrack: append(row.backend?.connections.conntrack ?? [], to: &output)
        case .ipvsTop: appendTop(row.backend?.connections.ipvs ?? [], to: &output)
        case .conntrackTop: appendTop(row.backend?.connections.conntrack ?? [], to: &output)
        default: break
        }
    }

    private func append(_ states: [StateCount], to output: inout [UInt8]) {
        for (index, state) in states.enumerated() {
            if index > 0 { output.append(UInt8(ascii: " ")) }
            output.appendVisible(state.name)
            output.append(UInt8(ascii: " "))
            output.appendDecimal(UInt64(state.count))
        }
    }

    /// The most frequent state, and how many connections are in others: a busy backend's are in six states.
    private func appendTop(_ states: [StateCount], to output: inout [UInt8]) {
        append(Array(states.prefix(1)), to: &output)
        guard states.count > 1 else { return }
        output.append(" +")
        output.appendDecimal(UInt64(states.dropFirst().reduce(0) { $0 + $1.count }))
    }

    private func appendRates(_ row: ServiceRow, to output: inout [UInt8]) {
        let rates = row.backends.compactMap(\.rates)
        guard !rates.isEmpty else { return }
        let rate = rates.reduce(0.0) { sum, rates in
            sum + (self == .new ? rates.new : self == .ended ? rates.ended : rates.failed)
        }
        output.appendTenths(rate)
    }

    private func appendCounters(_ counters: TrafficCounters?, to output: inout [UInt8]) {
        guard let counters else { return }
        switch self {
        case .totalConnections: output.appendDecimal(counters.connections)
        case .packetsIn: output.appendDecimal(counters.inboundPackets)
        case .packetsOut: output.appendDecimal(counters.outboundPackets)
        case .bytesIn: output.appendDecimal(counters.inboundBytes)
        case .bytesOut: output.appendDecimal(counters.outboundBytes)
        case .connectionRate: output.appendDecimal(counters.connectionRate)
        case .byteRateIn: output.appendDecimal(counters.inboundByteRate)
        case .byteRateOut: output.appendDecimal(counters.outboundByteRate)
        default: break
        }
    }
}

extension ServiceSources {
    /// The names of the sources that are in it.
    var list: [String] { ServiceSources.names.filter { contains($0.source) }.map(\.name) }
}

extension ServiceState {
    /// `IP_VS_SVC_F_*` as `ipvsadm` has words for them; what every service has (`HASHED`, 0x2) is left out.
    var flagNames: [String] {
        let names: [(bit: UInt32, name: String)] = [
            (VirtualService.persistentFlag, "persistent"), (VirtualService.onePacketFlag, "ops"), (0x8, "flag-1"), (0x10, "flag-2"),
            (0x20, "flag-3"),
        ]
        return names.filter { flags & $0.bit != 0 }.map(\.name)
    }
}

extension [UInt8] {
    /// Appends a number that is not negative with one digit after the point.
    mutating func appendTenths(_ number: Double) {
        let tenths = UInt64((number * 10).rounded())
        appendDecimal(tenths / 10)
        append(UInt8(ascii: "."))
        appendDecimal(tenths % 10)
    }
}
