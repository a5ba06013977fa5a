public import KernelState

/// Appends one connection as the JSON object of the schema `kstate.connections/1`, straight into the output: no String, no
/// coder and no allocation a record.
public struct ConnectionJSON: Sendable {
    private let header: ReportHeader

    /// - Parameter header: what the connections refer to.
    public init(_ header: ReportHeader = ReportHeader(places: [])) { self.header = header }

    public func append(_ connection: Connection, to output: inout [UInt8]) {
        output.append("{\"protocol\":\"")
        Self.appendName(connection.transport, to: &output)
        output.append(connection.family == .ipv4 ? "\",\"family\":\"ipv4\",\"client\":" : "\",\"family\":\"ipv6\",\"client\":")
        Self.append(connection.client, to: &output) { Self.append(header.names?.client(connection), to: &$0) }
        output.append(",\"service\":")
        Self.append(connection.service, to: &output) { output in
            guard let name = header.names?.service(connection) else { return }
            output.append(",\"name\":")
            output.appendJSON(name)
        }
        output.append(",\"backend\":")
        Self.append(connection.backend, to: &output) { Self.append(header.names?.backend(connection), to: &$0) }
        output.append(",\"translated_client\":")
        Self.append(connection.translatedClient, to: &output)
        output.append(",\"ipvs\":")
        appendIPVS(connection, to: &output)
        output.append(",\"conntrack\":")
        if let flow = connection.conntrack { appendFlow(flow, to: &output) } else { output.append("null") }
        if let twin = connection.twin { appendTwin(twin, to: &output) }
        header.appendPlace(connection.place, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    private static func appendName(_ transport: TransportProtocol, to output: inout [UInt8]) {
        switch transport {
        case .tcp: output.append("tcp")
        case .udp: output.append("udp")
        default: output.append(contentsOf: transport.name.utf8)
        }
    }

    private static func append(_ name: AddressName?, to output: inout [UInt8]) {
        guard let name else { return }
        if let pod = name.pod {
            output.append(",\"pod\":")
            output.appendJSON(pod)
        }
        if let node = name.node {
            output.append(",\"node\":")
            output.appendJSON(node)
        }
        if let isReady = name.isReady { output.append(isReady ? ",\"ready\":true" : ",\"ready\":false") }
    }

    /// - Parameter appendNames: adds the endpoint's names, where it has any.
    @inline(__always)
    static func append(_ endpoint: Endpoint?, to output: inout [UInt8], _ appendNames: (inout [UInt8]) -> Void = { _ in }) {
        guard let endpoint else { return output.append("null") }
        output.append("{\"address\":\"")
        endpoint.address.write(to: &output)
        output.append(UInt8(ascii: "\""))
        switch endpoint.detail {
        case .port(let port): number(",\"port\":", UInt64(port), to: &output)
        case .icmp(let type, let code, let id):
            number(",\"icmp\":{\"type\":", UInt64(type), to: &output)
            number(",\"code\":", UInt64(code), to: &output)
            number(",\"id\":", UInt64(id), to: &output)
            output.append(UInt8(ascii: "}"))
        case .none: break
        }
        appendNames(&output)
        output.append(UInt8(ascii: "}"))
    }

    @inline(__always)
    private static func number(_ name: StaticString, _ value: UInt64, to output: inout [UInt8]) {
        output.append(name)
        output.appendDecimal(value)
    }

    private func appendIPVS(_ connection: Connection, to output: inout [UInt8]) {
        guard let row = connection.ipvs else { return output.append("null") }
        output.append("{\"state\":")
        output.appendJSON(row.state.name)
        Self.number(",\"expires_s\":", UInt64(row.expires), to: &output)
        if let origin = row.origin { output.append(origin == .local ? ",\"origin\":\"LOCAL\"" : ",\"origin\":\"SYNC\"") }
        if row.hasEnded { output.append(",\"ended\":true") }
        if row.isTemplate { output.append(",\"template\":true") }
        if let mark = row.firewallMark { Self.number(",\"firewall_mark\":", UInt64(mark), to: &output) }
        if let forwarding = connection.forwarding {
            output.append(",\"forwarding\":")
            output.appendJSON(forwarding.name)
        }
        if let weight = connection.weight { Self.number(",\"weight\":", UInt64(weight), to: &output) }
        output.append(UInt8(ascii: "}"))
    }

    private func appendFlow(_ flow: Flow, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "{"))
        Self.appendState(flow.state, flow.status, flow.timeout, to: &output)
        Self.number(",\"id\":", UInt64(flow.id), to: &output)
        Self.number(",\"mark\":", UInt64(flow.mark), to: &output)
        Self.number(",\"zone\":", UInt64(flow.zone), to: &output)
        if let zone = flow.original.zone { Self.number(",\"zone_original\":", UInt64(zone), to: &output) }
        if let zone = flow.reply.zone { Self.number(",\"zone_reply\":", UInt64(zone), to: &output) }
        Self.number(",\"use\":", UInt64(flow.use), to: &output)
        appendExtensions(flow, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    /// The three fields that say how a conntrack entry stands.
    @inline(__always)
    private static func appendState(_ state: FlowState?, _ status: FlowStatus, _ timeout: UInt32?, to output: inout [UInt8]) {
        output.append("\"state\":")
        if let state {
            output.append(UInt8(ascii: "\""))
            output.append(contentsOf: state.name.utf8)
            output.append(UInt8(ascii: "\""))
        } else {
            output.append("null")
        }
        appendFlags(status, to: &output)
        if let timeout {
            number(",\"timeout_s\":", UInt64(timeout), to: &output)
        } else {
            output.append(",\"timeout_s\":null")
        }
    }

    private static func appendFlags(_ status: FlowStatus, to output: inout [UInt8]) {
        output.append(",\"flags\":[")
        var separator = false
        FlowFlags.forEach(status) { name in
            if separator { output.append(UInt8(ascii: ",")) }
            separator = true
            output.append(UInt8(ascii: "\""))
            output.append(contentsOf: name.utf8)
            output.append(UInt8(ascii: "\""))
        }
        output.append(UInt8(ascii: "]"))
    }

    private func appendTwin(_ twin: Twin, to output: inout [UInt8]) {
        output.append(",\"twin\":{")
        Self.appendState(twin.state, twin.status, twin.timeout, to: &output)
        if let start = twin.start { Self.time(",\"start\":\"", start, to: &output) }
        header.appendPlace(twin.place, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    /// What only some entries have, and what is absent rather than null.
    private func appendExtensions(_ flow: Flow, to output: inout [UInt8]) {
        if let counters = flow.counters {
            output.append(",\"counters\":")
            counters.appendJSON(to: &output)
        }
        if let start = flow.start { Self.time(",\"start\":\"", start, to: &output) }
        if let stop = flow.stop { Self.time(",\"stop\":\"", stop, to: &output) }
        if let helper = flow.helper {
            output.append(",\"helper\":")
            output.appendJSON(helper.text)
        }
        if let labels = flow.labels {
            output.append(",\"labels\":\"0x")
            labels.write(to: &output)
            output.append(UInt8(ascii: "\""))
        }
    }

    private static func time(_ name: StaticString, _ nanoseconds: UInt64, to output: inout [UInt8]) {
        output.append(name)
        output.appendTime(nanoseconds, digits: 9)
        output.append(UInt8(ascii: "\""))
    }
}

extension FlowCounters {
    func appendJSON(to output: inout [UInt8]) {
        output.append("{\"original\":{\"packets\":")
        output.appendDecimal(originalPackets)
        output.append(",\"bytes\":")
        output.appendDecimal(originalBytes)
        output.append("},\"reply\":{\"packets\":")
        output.appendDecimal(replyPackets)
        output.append(",\"bytes\":")
        output.appendDecimal(replyBytes)
        output.append("}}")
    }
}

extension FlowLabels {
    /// Appends the 128 bits as hexadecimal digits, the highest label first.
    func write(to output: inout [UInt8]) {
        if high == 0 { return output.appendHexadecimal(low) }
        output.appendHexadecimal(high)
        for shift in stride(from: 60, through: 0, by: -4) { output.appendHexadecimal(low >> UInt64(shift) & 0xf) }
    }
}
