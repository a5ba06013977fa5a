internal import GRDB
internal import KernelState

/// Virtual services with their backends, in tables and back.
enum ServiceRows {
    static func write(_ services: [VirtualService], place: Int64, _ addresses: inout AddressBook, _ database: Database) throws {
        for service in services {
            var values: [(any DatabaseValueConvertible)?] = [nil, place]
            switch service.identity {
            case .address(let transport, let endpoint):
                values += [Int(transport.rawValue), Int(addresses.number(of: endpoint.address)), endpoint.port.map { Int($0) }, nil, nil]
            case .firewallMark(let mark, let family): values += [nil, nil, nil, Int(mark), Int(family.rawValue)]
            }
            values += [
                service.scheduler, Int(service.flags), service.persistence.map { Int($0) }, service.persistenceNetmask.map { Int($0) },
                service.persistenceEngine,
            ]
            try insert("services", values + traffic(service.counters), database)
            let number = database.lastInsertedRowID
            for backend in service.backends { try write(backend, service: number, &addresses, database) }
        }
    }

    private static func write(_ backend: Backend, service: Int64, _ addresses: inout AddressBook, _ database: Database) throws {
        let values: [(any DatabaseValueConvertible)?] = [
            nil, service, Int(addresses.number(of: backend.endpoint.address)), backend.endpoint.port.map { Int($0) },
            Int(backend.forwarding.rawValue), Int(backend.weight), Int(backend.activeConnections), Int(backend.inactiveConnections),
            Int(backend.persistentConnections), Int(backend.upperThreshold), Int(backend.lowerThreshold),
        ]
        try insert("backends", values + traffic(backend.counters), database)
    }

    static func read(place: Int64, _ addresses: AddressTable, _ database: Database) throws -> [VirtualService] {
        let services = try Row.fetchAll(database, sql: "SELECT * FROM services WHERE place = ? ORDER BY service", arguments: [place])
        return try services.map { row in
            let identity: ServiceIdentity
            if let mark: UInt32 = try row.optional("firewall_mark") {
                identity = .firewallMark(mark, AddressFamily(rawValue: try row.number("family")) ?? .ipv4)
            } else {
                identity = .address(TransportProtocol(rawValue: try row.number("protocol")), try endpoint(row, addresses))
            }
            var service = VirtualService(identity: identity, scheduler: try row.text("scheduler") ?? "")
            service.flags = try row.number("flags")
            service.persistence = try row.optional("persistence")
            service.persistenceNetmask = try row.optional("persistence_netmask")
            service.persistenceEngine = try row.text("persistence_engine")
            service.counters = try traffic(row)
            let backends = try Row.fetchAll(
                database, sql: "SELECT * FROM backends WHERE service = ? ORDER BY backend", arguments: [try row.integer("service")])
            service.backends = try backends.map { try backend($0, addresses) }
            return service
        }
    }

    private static func backend(_ row: Row, _ addresses: AddressTable) throws -> Backend {
        guard let forwarding = ForwardingMethod(rawValue: try row.number("forwarding")) else {
            throw DatabaseError.damaged("a backend has an unknown forwarding method")
        }
        var backend = Backend(endpoint: try endpoint(row, addresses), forwarding: forwarding, weight: try row.number("weight"))
        backend.activeConnections = try row.number("active_connections")
        backend.inactiveConnections = try row.number("inactive_connections")
        backend.persistentConnections = try row.number("persistent_connections")
        backend.upperThreshold = try row.number("upper_threshold")
        backend.lowerThreshold = try row.number("lower_threshold")
        backend.counters = try traffic(row)
        return backend
    }

    private static func endpoint(_ row: Row, _ addresses: AddressTable) throws -> Endpoint {
        let port: UInt16? = try row.optional("port")
        return Endpoint(address: try addresses.address(row.integer("address") ?? 0), detail: port.map(EndpointDetail.port) ?? .none)
    }

    private static func traffic(_ counters: TrafficCounters?) -> [(any DatabaseValueConvertible)?] {
        guard let counters else { return SnapshotSchema.trafficColumns.map { _ in nil } }
        return [
            counters.connections, counters.inboundPackets, counters.outboundPackets, counters.inboundBytes, counters.outboundBytes,
            counters.connectionRate, counters.inboundPacketRate, counters.outboundPacketRate, counters.inboundByteRate,
            counters.outboundByteRate,
        ].map { Int64(bitPattern: $0) }
    }

    private static func traffic(_ row: Row) throws -> TrafficCounters? {
        let values = try SnapshotSchema.trafficColumns.compactMap { try row.integer($0).map(UInt64.init(bitPattern:)) }
        guard values.count == SnapshotSchema.trafficColumns.count else { return nil }
        var counters = TrafficCounters()
        (counters.connections, counters.inboundPackets, counters.outboundPackets) = (values[0], values[1], values[2])
        (counters.inboundBytes, counters.outboundBytes, counters.connectionRate) = (values[3], values[4], values[5])
        (counters.inboundPacketRate, counters.outboundPacketRate) = (values[6], values[7])
        (counters.inboundByteRate, counters.outboundByteRate) = (values[8], values[9])
        return counters
    }
}
