public import KernelState

/// Writes services as JSON of the schema `kstate.services/1`.
public struct ServiceJSON: Sendable {
    private let header: ReportHeader

    /// - Parameter header: what the services refer to.
    public init(_ header: ReportHeader) { self.header = header }

    /// Appends the document's beginning; its services follow, each by ``appendElement(_:isFirst:isLine:to:)``.
    ///
    /// - Parameters:
    ///   - interval: seconds since a watch's last look, over which rates are taken; nil for a single reading.
    ///   - isLine: write the document in one line.
    ///   - output: what it is appended to.
    public func begin(interval: Double? = nil, isLine: Bool = false, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        header.appendJSON(schema: "kstate.services/1", to: &output)
        if let interval {
            output.append(",\"interval_s\":")
            output.appendTenths(interval)
        }
        output.append(isLine ? ",\"services\":[" : ",\n \"services\":[")
    }

    public func appendElement(_ service: ServiceState, isFirst: Bool, isLine: Bool = false, to output: inout [UInt8]) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        if !isLine { output.append("\n  ") }
        append(service, to: &output)
    }

    /// - Parameters:
    ///   - leftOut: connections to backends beyond the limit.
    ///   - isLine: write it in one line, without that line's end.
    ///   - output: what it is appended to.
    ///   - tables: how much of each table was seen.
    public func end(_ tables: ReportTables, leftOut: Int, isLine: Bool = false, to output: inout [UInt8]) {
        output.append(isLine ? "]," : "],\n ")
        if leftOut > 0 { number("\"left_out\":", leftOut, to: &output) }
        output.append(leftOut > 0 ? ",\"tables\":" : "\"tables\":")
        tables.appendJSON(to: &output)
        output.append("}\n")
    }

    public func append(_ service: ServiceState, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        switch service.identity {
        case .address(let transport, let endpoint):
            output.append("\"protocol\":")
            output.appendJSON(transport.name)
            append(endpoint, to: &output)
        case .firewallMark(let mark, let family):
            number("\"firewall_mark\":", Int(mark), to: &output)
            text(",\"family\":", family == .ipv4 ? "ipv4" : "ipv6", to: &output)
        }
        if let name = service.name { text(",\"name\":", name, to: &output) }
        list(",\"sources\":[", service.sources.list, to: &output)
        appendConfiguration(service, to: &output)
        if service.withoutBackend > 0 { number(",\"without_backend\":", service.withoutBackend, to: &output) }
        output.append(",\"backends\":[")
        for (index, backend) in service.backends.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            append(backend, to: &output)
        }
        output.append(UInt8(ascii: "]"))
        header.appendPlace(service.place, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    /// What IPVS has configured, absent where it has no such service.
    private func appendConfiguration(_ service: ServiceState, to output: inout [UInt8]) {
        guard let scheduler = service.scheduler else { return }
        text(",\"scheduler\":", scheduler, to: &output)
        if !service.flagNames.isEmpty { list(",\"flags\":[", service.flagNames, to: &output) }
        if let seconds = service.persistence { number(",\"persistence_s\":", Int(seconds), to: &output) }
        if let engine = service.persistenceEngine { text(",\"persistence_engine\":", engine, to: &output) }
        if let counters = service.counters { append(counters, to: &output) }
    }

    private func append(_ backend: BackendState, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        append(backend.endpoint, isFirst: true, to: &output)
        if let pod = backend.pod { text(",\"pod\":", pod, to: &output) }
        if let node = backend.node { text(",\"node\":", node, to: &output) }
        if let isReady = backend.isReady { output.append(isReady ? ",\"ready\":true" : ",\"ready\":false") }
        appendConfiguration(backend, to: &output)
        number(",\"connection_count\":", backend.connections.total, to: &output)
        output.append(",\"connections\":{\"ipvs\":")
        append(backend.connections.ipvs, to: &output)
        output.append(",\"conntrack\":")
        append(backend.connections.conntrack, to: &output)
        output.append(UInt8(ascii: "}"))
        if backend.connections.templates > 0 { number(",\"templates\":", backend.connections.templates, to: &output) }
        appendTraffic(backend, to: &output)
        number(",\"replied\":", backend.connections.replied, to: &output)
        number(",\"unreplied\":", backend.connections.unreplied, to: &output)
        if let oldest = backend.connections.oldestUnreplied { number(",\"oldest_unreplied_s\":", Int(oldest), to: &output) }
        text(",\"verdict\":", backend.verdict.rawValue, to: &output)
        text(",\"evidence\":", backend.evidence, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private func appendConfiguration(_ backend: BackendState, to output: inout [UInt8]) {
        if let isConfigured = backend.isConfigured { output.append(isConfigured ? ",\"configured\":true" : ",\"configured\":false") }
        if let forwarding = backend.forwarding { text(",\"forwarding\":", forwarding.name, to: &output) }
        let numbers: [(StaticString, UInt32?)] = [
            (",\"weight\":", backend.weight), (",\"active\":", backend.activeConnections), (",\"inactive\":", backend.inactiveConnections),
            (",\"persistent\":", backend.persistentConnections),
            (",\"upper_threshold\":", backend.upperThreshold.flatMap { $0 > 0 ? $0 : nil }),
            (",\"lower_threshold\":", backend.lowerThreshold.flatMap { $0 > 0 ? $0 : nil }),
        ]
        for (name, value) in numbers { if let value { number(name, Int(value), to: &output) } }
        if let counters = backend.counters { append(counters, to: &output) }
    }

    private func appendTraffic(_ backend: BackendState, to output: inout [UInt8]) {
        if let traffic = backend.connections.traffic {
            output.append(",\"traffic\":")
            traffic.appendJSON(to: &output)
        }
        if let rates = backend.rates {
            output.append(",\"rates\":{\"new\":")
            output.appendTenths(rates.new)
            output.append(",\"ended\":")
            output.appendTenths(rates.ended)
            output.append(",\"failed\":")
            output.appendTenths(rates.failed)
            output.append(UInt8(ascii: "}"))
        }
    }

    private func append(_ counters: TrafficCounters, to output: inout [UInt8]) {
        let numbers: [(StaticString, UInt64)] = [
            (",\"counters\":{\"connections\":", counters.connections), (",\"packets_in\":", counters.inboundPackets),
            (",\"packets_out\":", counters.outboundPackets), (",\"bytes_in\":", counters.inboundBytes),
            (",\"bytes_out\":", counters.outboundBytes), (",\"connections_per_s\":", counters.connectionRate),
            (",\"packets_in_per_s\":", counters.inboundPacketRate), (",\"packets_out_per_s\":", counters.outboundPacketRate),
            (",\"bytes_in_per_s\":", counters.inboundByteRate), (",\"bytes_out_per_s\":", counters.outboundByteRate),
        ]
        for (name, value) in numbers {
            output.append(name)
            output.appendDecimal(value)
        }
        output.append(UInt8(ascii: "}"))
    }

    private func append(_ endpoint: Endpoint, isFirst: Bool = false, to output: inout [UInt8]) {
        output.append(isFirst ? "\"address\":\"" : ",\"address\":\"")
        endpoint.address.write(to: &output)
        output.append(UInt8(ascii: "\""))
        if let port = endpoint.port { number(",\"port\":", Int(port), to: &output) }
    }

    private func append(_ states: [StateCount], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        for (index, state) in states.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output.appendJSON(state.name)
            output.append(UInt8(ascii: ":"))
            output.appendDecimal(UInt64(state.count))
        }
        output.append(UInt8(ascii: "}"))
    }

    private func number(_ name: StaticString, _ value: Int, to output: inout [UInt8]) {
        output.append(name)
        output.appendDecimal(UInt64(value))
    }

    private func text(_ name: StaticString, _ value: String, to output: inout [UInt8]) {
        output.append(name)
        output.appendJSON(value)
    }

    private func list(_ name: StaticString, _ values: [String], to output: inout [UInt8]) {
        output.append(name)
        for (index, value) in values.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output.appendJSON(value)
        }
        output.append(UInt8(ascii: "]"))
    }
}
