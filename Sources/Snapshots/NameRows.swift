internal import GRDB
internal import KernelState

/// The cluster's names, in tables: a hundred thousand pods may be among them.
enum NameRows {
    static let tables = """
        CREATE TABLE kube_services(
            service INTEGER PRIMARY KEY, namespace TEXT, name TEXT, is_headless INTEGER, is_external_name INTEGER,
            has_selector INTEGER);
        CREATE TABLE kube_service_ports(service INTEGER, protocol INTEGER, port INTEGER, name TEXT, node_port INTEGER);
        CREATE TABLE kube_service_addresses(service INTEGER, kind TEXT, address INTEGER);
        CREATE TABLE kube_endpoints(
            endpoint INTEGER PRIMARY KEY, namespace TEXT, service TEXT, port_name TEXT, protocol INTEGER, address INTEGER,
            port INTEGER, is_ready INTEGER, is_serving INTEGER, is_terminating INTEGER, node TEXT, pod_namespace TEXT, pod TEXT);
        CREATE TABLE kube_pods(
            pod INTEGER PRIMARY KEY, namespace TEXT, name TEXT, node TEXT, is_ready INTEGER, uses_host_network INTEGER,
            is_finished INTEGER, deleted_at INTEGER);
        CREATE TABLE kube_pod_addresses(pod INTEGER, address INTEGER);
        CREATE TABLE kube_nodes(node INTEGER PRIMARY KEY, name TEXT, is_ready INTEGER);
        CREATE TABLE kube_node_addresses(node INTEGER, address INTEGER);
        CREATE TABLE kube_notices(notice INTEGER PRIMARY KEY, text TEXT);
        """

    /// The kinds of a service's addresses, as `kube_service_addresses` names them.
    private static var addressKinds: [(name: String, path: WritableKeyPath<ClusterService, [IPAddress]>)] {
        [("cluster", \.clusterAddresses), ("external", \.externalAddresses), ("load_balancer", \.loadBalancerAddresses)]
    }

    // MARK: Writing

    static func write(_ saved: SavedNames, _ addresses: inout AddressBook, _ database: Database) throws {
        try write(saved.names.services, &addresses, database)
        try write(saved.names.endpoints, &addresses, database)
        try write(saved.names.pods, &addresses, database)
        try write(saved.names.nodes, &addresses, database)
        // The names' own notices come again when they are joined again.
        let insert = try HotStatement(database, "INSERT INTO kube_notices(text) VALUES (?)")
        for notice in saved.notices.dropLast(saved.names.notices.count) {
            insert.bind(1, text: notice)
            try insert.run()
        }
    }

    private static func write(_ services: [ClusterService], _ addresses: inout AddressBook, _ database: Database) throws {
        let insert = try HotStatement(database, "INSERT INTO kube_services VALUES (?, ?, ?, ?, ?, ?)")
        let insertPort = try HotStatement(database, "INSERT INTO kube_service_ports VALUES (?, ?, ?, ?, ?)")
        let insertAddress = try HotStatement(database, "INSERT INTO kube_service_addresses VALUES (?, ?, ?)")
        for (index, service) in services.enumerated() {
            insert.bind(1, index + 1)
            insert.bind(2, text: service.name.namespace)
            insert.bind(3, text: service.name.name)
            insert.bind(4, flag: service.isHeadless)
            insert.bind(5, flag: service.isExternalName)
            insert.bind(6, flag: service.hasSelector)
            try insert.run()
            for port in service.ports {
                insertPort.bind(1, index + 1)
                insertPort.bind(2, port.transport.rawValue)
                insertPort.bind(3, port.port)
                insertPort.bind(4, text: port.name)
                insertPort.bind(5, port.nodePort)
                try insertPort.run()
            }
            for kind in addressKinds {
                for address in service[keyPath: kind.path] {
                    insertAddress.bind(1, index + 1)
                    insertAddress.bind(2, text: kind.name)
                    insertAddress.bind(3, addresses.number(of: address))
                    try insertAddress.run()
                }
            }
        }
    }

    private static func write(_ endpoints: [ServiceEndpoint], _ addresses: inout AddressBook, _ database: Database) throws {
        let insert = try HotStatement(database, "INSERT INTO kube_endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for (index, endpoint) in endpoints.enumerated() {
            insert.bind(1, index + 1)
            insert.bind(2, text: endpoint.service.namespace)
            insert.bind(3, text: endpoint.service.name)
            insert.bind(4, text: endpoint.portName)
            insert.bind(5, endpoint.transport.rawValue)
            insert.bind(6, addresses.number(of: endpoint.endpoint.address))
            insert.bind(7, endpoint.endpoint.port)
            insert.bind(8, flag: endpoint.isReady)
            insert.bind(9, flag: endpoint.isServing)
            insert.bind(10, flag: endpoint.isTerminating)
            insert.bind(11, text: endpoint.node)
            insert.bind(12, text: endpoint.pod?.namespace)
            insert.bind(13, text: endpoint.pod?.name)
            try insert.run()
        }
    }

    private static func write(_ pods: [ClusterPod], _ addresses: inout AddressBook, _ database: Database) throws {
        let insert = try HotStatement(database, "INSERT INTO kube_pods VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        let insertAddress = try HotStatement(database, "INSERT INTO kube_pod_addresses VALUES (?, ?)")
        for (index, pod) in pods.enumerated() {
            insert.bind(1, index + 1)
            insert.bind(2, text: pod.name.namespace)
            insert.bind(3, text: pod.name.name)
            insert.bind(4, text: pod.node)
            insert.bind(5, flag: pod.isReady)
            insert.bind(6, flag: pod.usesHostNetwork)
            insert.bind(7, flag: pod.isFinished)
            insert.bind(8, pod.deletedAt)
            try insert.run()
            try write(pod.addresses, of: index + 1, insertAddress, &addresses)
        }
    }

    private static func write(_ nodes: [ClusterNode], _ addresses: inout AddressBook, _ database: Database) throws {
        let insert = try HotStatement(database, "INSERT INTO kube_nodes VALUES (?, ?, ?)")
        let insertAddress = try HotStatement(database, "INSERT INTO kube_node_addresses VALUES (?, ?)")
        for (index, node) in nodes.enumerated() {
            insert.bind(1, index + 1)
            insert.bind(2, text: node.name)
            insert.bind(3, flag: node.isReady)
            try insert.run()
            try write(node.addresses, of: index + 1, insertAddress, &addresses)
        }
    }

    private static func write(
        _ held: [IPAddress], of holder: Int, _ insert: borrowing HotStatement, _ addresses: inout AddressBook
    ) throws {
        for address in held {
            insert.bind(1, holder)
            insert.bind(2, addresses.number(of: address))
            try insert.run()
        }
    }

    // MARK: Reading

    /// nil where the file has none.
    static func read(_ addresses: AddressTable, _ database: Database) throws -> SavedNames? {
        guard try database.tableExists("kube_services") else { return nil }  // of an earlier kstate
        let names = ClusterNames(
            services: try services(addresses, database), endpoints: try endpoints(addresses, database),
            pods: try pods(addresses, database), nodes: try nodes(addresses, database))
        var notices: [String] = []
        let rows = try HotStatement(database, "SELECT text FROM kube_notices ORDER BY notice")
        while try rows.next() { notices.append(rows.text(0) ?? "") }
        if names.isEmpty, notices.isEmpty { return nil }
        return SavedNames(names: names, notices: notices + names.notices)
    }

    private static func services(_ addresses: AddressTable, _ database: Database) throws -> [ClusterService] {
        var services: [ClusterService] = []
        let rows = try HotStatement(
            database, "SELECT namespace, name, is_headless, is_external_name, has_selector, service FROM kube_services ORDER BY service")
        while try rows.next() {
            guard rows.int64(5) == services.count + 1 else { throw DatabaseError.damaged("a service of the cluster is missing") }
            var service = ClusterService(name: name(rows, 0))
            service.isHeadless = rows.flag(2)
            service.isExternalName = rows.flag(3)
            service.hasSelector = rows.flag(4)
            services.append(service)
        }
        let ports = try HotStatement(database, "SELECT service, protocol, port, name, node_port FROM kube_service_ports ORDER BY rowid")
        while try ports.next() {
            let port = ClusterServicePort(
                transport: TransportProtocol(rawValue: try ports.number(1)), port: try ports.number(2), name: ports.text(3) ?? "",
                nodePort: try ports.optionalNumber(4))
            services[try position(ports, in: services)].ports.append(port)
        }
        let held = try HotStatement(database, "SELECT service, kind, address FROM kube_service_addresses ORDER BY rowid")
        while try held.next() {
            let kind = held.text(1)
            guard let path = addressKinds.first(where: { $0.name == kind })?.path else { continue }  // of a later kstate
            services[try position(held, in: services)][keyPath: path].append(try addresses.address(held.int64(2)))
        }
        return services
    }

    private static func endpoints(_ addresses: AddressTable, _ database: Database) throws -> [ServiceEndpoint] {
        var endpoints: [ServiceEndpoint] = []
        let rows = try HotStatement(
            database,
            """
            SELECT namespace, service, port_name, protocol, address, port, is_ready, is_serving, is_terminating, node, pod_namespace, pod
            FROM kube_endpoints ORDER BY endpoint
            """)
        while try rows.next() {
            let port: UInt16? = try rows.optionalNumber(5)
            var endpoint = ServiceEndpoint(
                service: name(rows, 0), portName: rows.text(2) ?? "", transport: TransportProtocol(rawValue: try rows.number(3)),
                endpoint: Endpoint(address: try addresses.address(rows.int64(4)), detail: port.map(EndpointDetail.port) ?? .none))
            endpoint.isReady = rows.flag(6)
            endpoint.isServing = rows.flag(7)
            endpoint.isTerminating = rows.flag(8)
            endpoint.node = rows.text(9)
            if !rows.isNull(11) { endpoint.pod = name(rows, 10) }
            endpoints.append(endpoint)
        }
        return endpoints
    }

    private static func pods(_ addresses: AddressTable, _ database: Database) throws -> [ClusterPod] {
        var pods: [ClusterPod] = []
        let rows = try HotStatement(
            database, "SELECT namespace, name, node, is_ready, uses_host_network, is_finished, deleted_at, pod FROM kube_pods ORDER BY pod")
        while try rows.next() {
            guard rows.int64(7) == pods.count + 1 else { throw DatabaseError.damaged("a pod is missing") }
            var pod = ClusterPod(name: name(rows, 0))
            pod.node = rows.text(2)
            pod.isReady = rows.flag(3)
            pod.usesHostNetwork = rows.flag(4)
            pod.isFinished = rows.flag(5)
            pod.deletedAt = try rows.optionalNumber(6)
            pods.append(pod)
        }
        try readAddresses(HotStatement(database, "SELECT pod, address FROM kube_pod_addresses ORDER BY rowid"), into: &pods, \.addresses, addresses)
        return pods
    }

    private static func nodes(_ addresses: AddressTable, _ database: Database) throws -> [ClusterNode] {
        var nodes: [ClusterNode] = []
        let rows = try HotStatement(database, "SELECT name, is_ready, node FROM kube_nodes ORDER BY node")
        while try rows.next() {
            guard rows.int64(2) == nodes.count + 1 else { throw DatabaseError.damaged("a node of the cluster is missing") }
            var node = ClusterNode(name: rows.text(0) ?? "")
            node.isReady = rows.flag(1)
            nodes.append(node)
        }
        try readAddresses(
            HotStatement(database, "SELECT node, address FROM kube_node_addresses ORDER BY rowid"), into: &nodes, \.addresses, addresses)
        return nodes
    }

    /// Rows of a holder and an address.
    private static func readAddresses<Holder>(
        _ rows: borrowing HotStatement, into holders: inout [Holder], _ field: WritableKeyPath<Holder, [IPAddress]>, _ addresses: AddressTable
    ) throws {
        while try rows.next() { holders[try position(rows, in: holders)][keyPath: field].append(try addresses.address(rows.int64(1))) }
    }

    private static func name(_ rows: borrowing HotStatement, _ column: Int32) -> ObjectName {
        ObjectName(namespace: rows.text(column) ?? "", name: rows.text(column + 1) ?? "")
    }

    /// Where the holder is that a row's first column names.
    private static func position(_ rows: borrowing HotStatement, in holders: [some Any]) throws -> Int {
        guard let position = Int(exactly: rows.int64(0)), holders.indices.contains(position - 1) else {
            throw DatabaseError.damaged("an address or port of the cluster is nobody's")
        }
        return position - 1
    }
}

extension HotStatement {
    fileprivate func bind(_ column: Int32, flag: Bool) { bind(column, flag ? 1 : 0) }

    fileprivate func flag(_ column: Int32) -> Bool { int64(column) != 0 }
}
