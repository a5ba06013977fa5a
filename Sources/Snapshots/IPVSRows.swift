internal import GRDB
internal import KernelState

/// Writes IPVS connections, a row each; a state is named by its number in `ipvs_states`.
struct IPVSInsertion: ~Copyable {
    private let rows: HotStatement
    private let names: HotStatement

    init(_ database: Database) throws {
        let rows = try HotStatement(database, "INSERT INTO ipvs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        names = try HotStatement(database, "INSERT INTO ipvs_states VALUES (?, ?)")
        self.rows = rows
    }

    func insert(
        _ connection: IPVSConnection, row: Int64, _ addresses: inout AddressBook, _ states: inout [IPVSState: Int]
    ) throws {
        rows.bind(1, row)
        rows.bind(2, connection.client.port)
        rows.bind(3, connection.service.port)
        rows.bind(4, connection.backend.port)
        rows.bind(5, addresses.number(of: connection.client.address))
        rows.bind(6, addresses.number(of: connection.service.address))
        rows.bind(7, addresses.number(of: connection.backend.address))
        rows.bind(8, connection.transport.rawValue)
        rows.bind(9, try number(of: connection.state, &states))
        rows.bind(10, connection.expires)
        rows.bind(11, connection.origin?.rawValue)
        rows.bind(12, connection.hasEnded ? 1 : Int?.none)
        try rows.run()
    }

    private func number(of state: IPVSState, _ states: inout [IPVSState: Int]) throws -> Int {
        if let number = states[state] { return number }
        let number = states.count + 1
        states[state] = number
        names.bind(1, number)
        names.bind(2, text: state.name)
        try names.run()
        return number
    }
}

/// Reads IPVS connections back, in their table's order.
struct IPVSRows: ~Copyable {
    private let rows: HotStatement
    private let addresses: AddressTable
    private let states: [Int64: IPVSState]

    init(_ database: Database, range: ClosedRange<Int64>, addresses: AddressTable) throws {
        var states: [Int64: IPVSState] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT state, name FROM ipvs_states") {
            states[try row.number("state")] = IPVSState(try row.text("name") ?? "")
        }
        // A file of before stretches of time were marked has no such column.
        let ended = try database.columns(in: "ipvs").contains { $0.name == "ended" } ? "ended" : "NULL"
        rows = try HotStatement(
            database,
            """
            SELECT client_port, service_port, backend_port, client, service, backend, protocol, state, expires, origin, \(ended) FROM ipvs
            WHERE entry BETWEEN \(range.lowerBound) AND \(range.upperBound) ORDER BY entry
            """)
        self.addresses = addresses
        self.states = states
    }

    mutating func next() throws -> IPVSConnection? {
        guard try rows.next() else { return nil }
        guard let state = states[rows.int64(7)] else { throw DatabaseError.damaged("an IPVS state has no name") }
        let origin: UInt8? = try rows.optionalNumber(9)
        var row = IPVSConnection(
            transport: TransportProtocol(rawValue: try rows.number(6)), client: try endpoint(3, port: 0), service: try endpoint(4, port: 1),
            backend: try endpoint(5, port: 2), state: state, expires: try rows.number(8), origin: origin.flatMap(IPVSOrigin.init(rawValue:)))
        row.hasEnded = !rows.isNull(10)
        return row
    }

    private func endpoint(_ address: Int32, port: Int32) throws -> Endpoint {
        let number: UInt16? = try rows.optionalNumber(port)
        return Endpoint(address: try addresses.address(rows.int64(address)), detail: number.map(EndpointDetail.port) ?? .none)
    }
}
