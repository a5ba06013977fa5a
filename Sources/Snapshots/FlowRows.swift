internal import GRDB
internal import KernelState

/// A pair of tables that hold conntrack entries.
struct FlowTables {
    let entries: String
    let details: String

    /// Those of readings of the conntrack table.
    static let conntrack = FlowTables(entries: "conntrack", details: "conntrack_details")
    /// Those that came with events.
    static let events = FlowTables(entries: "event_entries", details: "event_details")
}

/// Writes conntrack entries, a row each.
struct FlowInsertion: ~Copyable {
    private let entry: HotStatement
    private let details: HotStatement

    init(_ database: Database, into tables: FlowTables = .conntrack) throws {
        let entry = try HotStatement(
            database, "INSERT INTO \(tables.entries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        details = try HotStatement(database, "INSERT INTO \(tables.details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        self.entry = entry
    }

    func insert(_ flow: Flow, row: Int64, _ addresses: inout AddressBook) throws {
        let ports = PortColumns(flow.original.detail)
        let reply = ReplyDifference(flow)
        entry.bind(1, row)
        entry.bind(2, ports.source)
        entry.bind(3, ports.destination)
        entry.bind(4, reply.ports.source)
        entry.bind(5, reply.ports.destination)
        entry.bind(6, addresses.number(of: flow.original.source))
        entry.bind(7, addresses.number(of: flow.original.destination))
        entry.bind(8, addresses.number(of: reply.source))
        entry.bind(9, addresses.number(of: reply.destination))
        entry.bind(10, flow.transport.rawValue)
        entry.bind(11, flow.state?.number)
        entry.bind(12, flow.status.rawValue)
        entry.bind(13, flow.timeout)
        entry.bind(14, flow.mark)
        entry.bind(15, flow.zone)
        entry.bind(16, flow.id)
        entry.bind(17, flow.use)
        try entry.run()
        if flow.hasDetails { try insertDetails(flow, row: row) }
    }

    private func insertDetails(_ flow: Flow, row: Int64) throws {
        details.bind(1, row)
        details.bind(2, flow.counters?.originalPackets)
        details.bind(3, flow.counters?.originalBytes)
        details.bind(4, flow.counters?.replyPackets)
        details.bind(5, flow.counters?.replyBytes)
        details.bind(6, flow.start)
        details.bind(7, flow.stop)
        details.bind(8, text: flow.helper?.text)
        details.bind(9, flow.labels?.low)
        details.bind(10, flow.labels?.high)
        details.bind(11, flow.original.zone)
        details.bind(12, flow.reply.zone)
        try details.run()
    }
}

extension Flow {
    /// True for what a table of its own holds, since most entries have none of it.
    fileprivate var hasDetails: Bool {
        counters != nil || start != nil || stop != nil || helper != nil || labels != nil || original.zone != nil || reply.zone != nil
    }
}

/// Reads conntrack entries back, each as the kernel told it.
struct FlowRows: ~Copyable {
    private let rows: HotStatement
    private let addresses: AddressTable

    /// - Parameter selection: leaves out what has none of its ports and destinations; nil reads every entry of the range.
    init(
        _ database: Database, from tables: FlowTables = .conntrack, range: ClosedRange<Int64>, selection: PortSelection?,
        addresses: AddressTable
    ) throws {
        self.addresses = addresses
        rows = try HotStatement(
            database,
            """
            SELECT c.original_source_port, c.original_destination_port, c.reply_source_port, c.reply_destination_port,
                c.original_source, c.original_destination, c.reply_source, c.reply_destination, c.protocol, c.state, c.status,
                c.timeout, c.mark, c.zone, c.id, c.use, d.entry, d.original_packets, d.original_bytes, d.reply_packets,
                d.reply_bytes, d.start, d.stop, d.helper, d.labels_low, d.labels_high, d.original_zone, d.reply_zone, c.entry
            FROM \(tables.entries) c LEFT JOIN \(tables.details) d ON d.entry = c.entry
            WHERE c.entry BETWEEN \(range.lowerBound) AND \(range.upperBound)\(selection.map { Self.condition($0, addresses) } ?? "")
            ORDER BY c.entry
            """)
    }

    /// A superset of what is wanted: ICMP's identifiers are among the ports, and the filter decides once more.
    private static func condition(_ selection: PortSelection, _ addresses: AddressTable) -> String {
        let ports = selection.ports.map(String.init).joined(separator: ",")
        var terms = [
            "c.original_destination_port IN (\(ports))", "c.original_source_port IN (\(ports))", "c.reply_source_port IN (\(ports))",
            "c.reply_destination_port IN (\(ports))",
        ]
        // One term however many there are: a node may have thousands of services, and an expression's depth has a limit.
        let numbers = addresses.numbers(of: Set(selection.destinations.map(\.address)))
        let destinations = selection.destinations.compactMap { destination in
            destination.port.flatMap { port in numbers[destination.address].map { "(\(port),\($0))" } }
        }
        if !destinations.isEmpty {
            terms.append("(c.original_destination_port, c.original_destination) IN (VALUES \(destinations.joined(separator: ",")))")
        }
        return " AND (" + terms.joined(separator: " OR ") + ")"
    }

    /// The next entry; nil at the end.
    mutating func next() throws -> Flow? {
        guard try rows.next() else { return nil }
        let transport = TransportProtocol(rawValue: try rows.number(8))
        let isICMP = transport.isICMP
        let ports = PortColumns(source: try rows.optionalNumber(0), destination: try rows.optionalNumber(1))
        let original = Tuple(
            source: try addresses.address(rows.int64(4)), destination: try addresses.address(rows.int64(5)), transport: transport,
            detail: ports.detail(isICMP: isICMP))
        var reply = Tuple(source: original.destination, destination: original.source, transport: transport, detail: .none)
        if !rows.isNull(6) { reply.source = try addresses.address(rows.int64(6)) }
        if !rows.isNull(7) { reply.destination = try addresses.address(rows.int64(7)) }
        var answer = ports.mirrored(isICMP: isICMP)
        if let port: UInt16 = try rows.optionalNumber(2) { answer.source = port }
        if let port: UInt16 = try rows.optionalNumber(3) { answer.destination = port }
        reply.detail = answer.detail(isICMP: isICMP)
        var flow = Flow(original: original, reply: reply)
        if let number: UInt8 = try rows.optionalNumber(9) { flow.state = FlowState(number, of: transport) }
        flow.status = FlowStatus(rawValue: try rows.number(10))
        flow.timeout = try rows.optionalNumber(11)
        flow.mark = try rows.number(12)
        flow.zone = try rows.number(13)
        flow.id = try rows.number(14)
        flow.use = try rows.number(15)
        if !rows.isNull(16) { try readDetails(&flow) }
        return flow
    }

    /// The row of the entry that ``next()`` gave last.
    var row: Int64 { rows.int64(28) }

    private func readDetails(_ flow: inout Flow) throws {
        if !rows.isNull(17) {
            var counters = FlowCounters()
            counters.originalPackets = UInt64(bitPattern: rows.int64(17))
            counters.originalBytes = UInt64(bitPattern: rows.int64(18))
            counters.replyPackets = UInt64(bitPattern: rows.int64(19))
            counters.replyBytes = UInt64(bitPattern: rows.int64(20))
            flow.counters = counters
        }
        if !rows.isNull(21) { flow.start = UInt64(bitPattern: rows.int64(21)) }
        if !rows.isNull(22) { flow.stop = UInt64(bitPattern: rows.int64(22)) }
        flow.helper = rows.text(23).map { HelperName($0.utf8) }
        if !rows.isNull(24) {
            flow.labels = FlowLabels(low: UInt64(bitPattern: rows.int64(24)), high: UInt64(bitPattern: rows.int64(25)))
        }
        flow.original.zone = try rows.optionalNumber(26)
        flow.reply.zone = try rows.optionalNumber(27)
    }
}
