internal import GRDB
internal import KernelState

/// The tables of a snapshot file, as docs/snapshot.md describes them.
enum SnapshotSchema {
    /// `PRAGMA user_version`: raised whenever a reader of the version before could misread a file.
    static let version: Int32 = 1

    static func create(in database: Database) throws {
        try database.execute(sql: "PRAGMA application_id = \(SnapshotMarks.applicationID); PRAGMA user_version = \(version)")
        try database.execute(sql: tables)
        try database.execute(sql: nodeTables)
        try database.execute(sql: NameRows.tables)
        try database.execute(sql: SnapshotViews.all)
        try fillNames(database)
    }

    /// What the numbers in the tables are called.
    private static func fillNames(_ database: Database) throws {
        for (transport, name) in TransportProtocol.named {
            try database.execute(sql: "INSERT INTO protocols VALUES (?, ?)", arguments: [Int(transport.rawValue), name])
        }
        func add(_ transport: TransportProtocol, _ state: FlowState, _ number: UInt8) throws {
            try database.execute(
                sql: "INSERT INTO conntrack_states VALUES (?, ?, ?)", arguments: [Int(transport.rawValue), Int(number), state.name])
        }
        for kind in EventKind.allCases {
            try database.execute(sql: "INSERT INTO event_kinds VALUES (?, ?)", arguments: [Int(kind.rawValue), kind.name])
        }
        for state in TCPState.allCases { try add(.tcp, .tcp(state), state.rawValue) }
        for state in SCTPState.allCases { try add(.sctp, .sctp(state), state.rawValue) }
        for state in DCCPState.allCases { try add(.dccp, .dccp(state), state.rawValue) }
    }

    static let trafficColumns = [
        "connections", "inbound_packets", "outbound_packets", "inbound_bytes", "outbound_bytes", "connection_rate",
        "inbound_packet_rate", "outbound_packet_rate", "inbound_byte_rate", "outbound_byte_rate",
    ]
    private static let traffic = trafficColumns.map { "\($0) INTEGER" }.joined(separator: ", ")

    private static let tables = """
        CREATE TABLE snapshot(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
        CREATE TABLE places(
            place INTEGER PRIMARY KEY, sample INTEGER, node TEXT, kernel TEXT, namespace TEXT, namespace_inode INTEGER,
            taken_at INTEGER);
        CREATE TABLE readings(
            reading INTEGER PRIMARY KEY, place INTEGER, subject TEXT, started_at INTEGER, duration INTEGER, available INTEGER,
            complete INTEGER, entries INTEGER, passes INTEGER, undecodable INTEGER, reason TEXT, first_row INTEGER, last_row INTEGER,
            error_operation TEXT, error_cause TEXT, error_remedy TEXT, error_code INTEGER);
        CREATE TABLE protocols(protocol INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE addresses(address INTEGER PRIMARY KEY, bytes BLOB, text TEXT);
        CREATE TABLE conntrack_states(protocol INTEGER, state INTEGER, name TEXT, PRIMARY KEY (protocol, state)) WITHOUT ROWID;
        \(create(.conntrack))
        CREATE TABLE events(event INTEGER PRIMARY KEY, place INTEGER, at INTEGER, kind INTEGER, lost INTEGER);
        CREATE INDEX events_of_place ON events(place);
        CREATE TABLE event_kinds(kind INTEGER PRIMARY KEY, name TEXT);
        \(create(.events))
        CREATE TABLE ipvs_states(state INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE ipvs(
            entry INTEGER PRIMARY KEY, client_port INTEGER, service_port INTEGER, backend_port INTEGER, client INTEGER,
            service INTEGER, backend INTEGER, protocol INTEGER, state INTEGER, expires INTEGER, origin INTEGER,
            ended INTEGER);
        CREATE TABLE services(
            service INTEGER PRIMARY KEY, place INTEGER, protocol INTEGER, address INTEGER, port INTEGER, firewall_mark INTEGER,
            family INTEGER, scheduler TEXT, flags INTEGER, persistence INTEGER, persistence_netmask INTEGER,
            persistence_engine TEXT, \(traffic));
        CREATE TABLE backends(
            backend INTEGER PRIMARY KEY, service INTEGER, address INTEGER, port INTEGER, forwarding INTEGER, weight INTEGER,
            active_connections INTEGER, inactive_connections INTEGER, persistent_connections INTEGER, upper_threshold INTEGER,
            lower_threshold INTEGER, \(traffic));
        CREATE INDEX services_of_place ON services(place);
        CREATE INDEX backends_of_service ON backends(service);
        """

    private static func create(_ flows: FlowTables) -> String {
        """
        CREATE TABLE \(flows.entries)(
            entry INTEGER PRIMARY KEY, original_source_port INTEGER, original_destination_port INTEGER, reply_source_port INTEGER,
            reply_destination_port INTEGER, original_source INTEGER, original_destination INTEGER, reply_source INTEGER,
            reply_destination INTEGER, protocol INTEGER, state INTEGER, status INTEGER, timeout INTEGER, mark INTEGER, zone INTEGER,
            id INTEGER, use INTEGER);
        CREATE TABLE \(flows.details)(
            entry INTEGER PRIMARY KEY, original_packets INTEGER, original_bytes INTEGER, reply_packets INTEGER, reply_bytes INTEGER,
            start INTEGER, stop INTEGER, helper TEXT, labels_low INTEGER, labels_high INTEGER, original_zone INTEGER,
            reply_zone INTEGER);
        """
    }

    private static let nodeTables = """
        CREATE TABLE sysctls(place INTEGER, name TEXT, value TEXT, PRIMARY KEY (place, name)) WITHOUT ROWID;
        CREATE TABLE conntrack_statistics(
            place INTEGER, cpu INTEGER, found INTEGER, invalid INTEGER, "insert" INTEGER, insert_failed INTEGER, "drop" INTEGER,
            early_drop INTEGER, error INTEGER, search_restart INTEGER, clash_resolve INTEGER, chain_too_long INTEGER);
        CREATE TABLE ipvs_settings(
            place INTEGER PRIMARY KEY, version INTEGER, connection_table_size INTEGER, tcp_timeout INTEGER,
            tcp_fin_timeout INTEGER, udp_timeout INTEGER);
        CREATE TABLE ipvs_daemons(place INTEGER, role INTEGER, interface TEXT, sync_identifier INTEGER);
        CREATE TABLE interfaces(
            place INTEGER, interface INTEGER, name TEXT, kind TEXT, is_up INTEGER, mtu INTEGER, tunnel_port INTEGER,
            tunnel_identifier INTEGER, tunnel_local INTEGER, lower_interface INTEGER, tunnel_remote INTEGER);
        CREATE TABLE interface_addresses(place INTEGER, interface INTEGER, address INTEGER, prefix_length INTEGER);
        CREATE TABLE routes(
            place INTEGER, destination INTEGER, prefix_length INTEGER, gateway INTEGER, interface INTEGER, preferred_source INTEGER,
            table_number INTEGER, metric INTEGER, type INTEGER);
        CREATE TABLE neighbours(
            place INTEGER, interface INTEGER, address INTEGER, link_address INTEGER, state INTEGER, tunnel_destination INTEGER);
        CREATE TABLE resolvers(place INTEGER PRIMARY KEY, text TEXT);
        CREATE TABLE problems(place INTEGER, operation TEXT, cause TEXT, remedy TEXT, code INTEGER);
        """ + indexedByPlace.map { "CREATE INDEX \($0)_of_place ON \($0)(place);" }.joined(separator: "\n")

    /// Without, each of a recording's thousands of places would look through the rows of all the others.
    private static let indexedByPlace = [
        "conntrack_statistics", "ipvs_daemons", "interfaces", "interface_addresses", "routes", "neighbours", "problems",
    ]
}
