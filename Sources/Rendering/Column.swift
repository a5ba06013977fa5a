public import KernelState

/// A column of the table and CSV formats; its raw value is the name that `--columns` takes.
public enum Column: String, CaseIterable, TableColumn {
    case node, namespace, `protocol`, family, client, service, backend, translated, ipvs, expires, conntrack, flags, timeout
    case mark, zone, id, use, packets, bytes, start, helper, labels, forwarding, weight, origin, twin, name, pod, clientPod = "client_pod"

    public static let standard: [Column] = [.protocol, .client, .service, .backend, .ipvs, .expires, .conntrack, .timeout]
    public static let wide: [Column] = [
        .protocol, .client, .service, .backend, .translated, .ipvs, .expires, .forwarding, .weight, .origin, .conntrack, .timeout,
        .mark, .zone, .id, .packets, .bytes, .helper,
    ]

    /// What a record of CSV says: places are added where there are several.
    public static let records: [Column] = allCases.filter { $0 != .node && $0 != .namespace && $0 != .twin }

    /// The columns with each name behind the address that it belongs to.
    static func withNames(_ columns: [Column]) -> [Column] {
        columns.flatMap { column -> [Column] in
            switch column {
            case .service: [.service, .name]
            case .backend: [.backend, .pod]
            default: [column]
            }
        }
    }

    public var heading: String { self == .protocol ? "PROTO" : rawValue.uppercased() }

    public var name: String { rawValue }

    /// Addresses, the client's before the others'.
    public var shortening: Int {
        switch self {
        case .client, .translated, .clientPod: 2
        case .name, .pod: 3
        case .service, .backend: 1
        default: 0
        }
    }

    public var isRightAligned: Bool {
        switch self {
        case .expires, .timeout, .mark, .zone, .id, .use, .packets, .bytes, .weight: true
        default: false
        }
    }

    public var expendability: Int {
        switch self {
        case .backend, .conntrack: 0
        case .ipvs, .service: 1
        case .client: 2
        case .protocol: 3
        case .timeout, .name, .pod: 4
        case .expires: 5
        default: 6
        }
    }

    public static func withPlaces(_ columns: [Column], in header: ReportHeader) -> [Column] { header.withPlaces(columns) }

    public func style(_ connection: Connection) -> StaticString? { Style.of(self, connection) }

    public func appendCell(_ connection: Connection, in header: ReportHeader, to output: inout [UInt8]) {
        let start = output.count
        switch self {
        case .node: if let place = header.place(connection.place) { output.appendVisible(place.node) }
        case .namespace: if let place = header.place(connection.place) { output.appendVisible(place.namespace.name) }
        case .protocol: output.append(contentsOf: connection.transport.name.utf8)
        case .family: output.append(contentsOf: (connection.family == .ipv4 ? "ipv4" : "ipv6").utf8)
        case .client: connection.client.appendCell(to: &output)
        case .service: appendService(connection, to: &output)
        case .backend: connection.backend.appendCell(to: &output)
        case .translated: connection.translatedClient?.appendCell(to: &output)
        case .twin: if let twin = connection.twin { appendTwin(twin, in: header, to: &output) }
        case .name: if let name = header.names?.service(connection) { output.appendVisible(name) }
        case .pod: header.names?.backend(connection).appendCell(to: &output)
        case .clientPod: header.names?.client(connection).appendCell(to: &output)
        default: appendDetail(connection, to: &output)
        }
        if output.count == start { output.append(UInt8(ascii: "-")) }
    }

    private func appendService(_ connection: Connection, to output: inout [UInt8]) {
        if let mark = connection.ipvs?.firewallMark {
            output.append("fwmark ")
            output.appendDecimal(UInt64(mark))
        } else {
            connection.service?.appendCell(to: &output)
        }
    }

    private func appendDetail(_ connection: Connection, to output: inout [UInt8]) {
        let row = connection.ipvs
        let flow = connection.conntrack
        switch self {
        case .ipvs: if let row { appendState(row, to: &output) }
        case .expires: if let row { output.appendDecimal(UInt64(row.expires)) }
        case .origin: if let origin = row?.origin { output.append(origin == .local ? "LOCAL" : "SYNC") }
        case .forwarding: if let forwarding = connection.forwarding { output.append(contentsOf: forwarding.name.utf8) }
        case .weight: if let weight = connection.weight { output.appendDecimal(UInt64(weight)) }
        case .conntrack: if let flow { appendState(flow.state, flow.status, to: &output) }
        case .flags: if let flow { appendFlags(flow, to: &output) }
        case .timeout: if let timeout = flow?.timeout { output.appendDecimal(UInt64(timeout)) }
        case .mark: if let flow { output.appendDecimal(UInt64(flow.mark)) }
        case .zone: if let flow { output.appendDecimal(UInt64(flow.originalZone)) }
        case .id: if let flow { output.appendDecimal(UInt64(flow.id)) }
        case .use: if let flow { output.appendDecimal(UInt64(flow.use)) }
        case .packets: if let counters = flow?.counters { output.appendDecimal(counters.originalPackets &+ counters.replyPackets) }
        case .bytes: if let counters = flow?.counters { output.appendDecimal(counters.originalBytes &+ counters.replyBytes) }
        case .start: if let start = flow?.start { output.appendTime(start) }
        case .helper: if let helper = flow?.helper { output.appendVisible(helper.text) }
        case .labels:
            if let labels = flow?.labels {
                output.append("0x")
                labels.write(to: &output)
            }
        default: break
        }
    }

    /// Where the packets arrived, and what became of them there.
    private func appendTwin(_ twin: Twin, in header: ReportHeader, to output: inout [UInt8]) {
        if let place = header.place(twin.place) { output.appendVisible(place.node) }
        output.append(UInt8(ascii: " "))
        appendState(twin.state, twin.status, to: &output)
    }

    private func appendState(_ row: IPVSConnection, to output: inout [UInt8]) {
        output.appendVisible(row.state.name)
        if row.hasEnded { output.append(" ENDED") }
    }

    /// The state, and the two flags that decide what it means: nobody has answered, or both have spoken.
    private func appendState(_ state: FlowState?, _ status: FlowStatus, to output: inout [UInt8]) {
        if let state { output.append(contentsOf: state.name.utf8) }
        if !status.contains(.seenReply) {
            output.append(state == nil ? "UNREPLIED" : " UNREPLIED")
        } else if state == nil {
            output.append(status.contains(.assured) ? "ASSURED" : "REPLIED")
        }
        if status.contains(.hardwareOffload) {
            output.append(" HW_OFFLOAD")
        } else if status.contains(.offload) {
            output.append(" OFFLOAD")
        }
        if status.contains(.dying) { output.append(" DYING") }
    }

    private func appendFlags(_ flow: Flow, to output: inout [UInt8]) {
        var separator = false
        FlowFlags.forEach(flow.status) { name in
            if separator { output.append(UInt8(ascii: ",")) }
            separator = true
            output.append(contentsOf: name.utf8)
        }
    }
}

extension AddressName {
    /// The pod, or the node that several share the address on.
    fileprivate func appendCell(to output: inout [UInt8]) {
        if let pod { output.appendVisible(pod) } else if let node { output.appendVisible("node " + node) }
    }
}

extension Endpoint {
    /// `10.0.0.1:53`; for ICMP the type, code and id instead of a port.
    func appendCell(to output: inout [UInt8]) {
        write(to: &output)
        guard case .icmp(let type, let code, let id) = detail else { return }
        output.append(" type ")
        output.appendDecimal(UInt64(type))
        output.append(UInt8(ascii: "/"))
        output.appendDecimal(UInt64(code))
        output.append(" id ")
        output.appendDecimal(UInt64(id))
    }
}
