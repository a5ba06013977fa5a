internal import GRDB
internal import KernelState

/// What is known of a namespace beside its tables, in tables and back.
enum FactRows {
    static func write(_ facts: NodeFacts, place: Int64, _ addresses: inout AddressBook, _ database: Database) throws {
        for (name, value) in facts.sysctls { try insert("sysctls", [place, name, value], database) }
        for cpu in facts.conntrackStatistics {
            let counters = [
                cpu.found, cpu.invalid, cpu.insert, cpu.insertFailed, cpu.drop, cpu.earlyDrop, cpu.error, cpu.searchRestart,
                cpu.clashResolve, cpu.chainTooLong,
            ]
            try insert("conntrack_statistics", [place, Int(cpu.cpu)] + counters.map { Int($0) }, database)
        }
        if let ipvs = facts.ipvs {
            let timeouts = [ipvs.tcpTimeout, ipvs.tcpFinTimeout, ipvs.udpTimeout].map { $0.map { Int($0) } }
            try insert("ipvs_settings", [place, Int(ipvs.version), Int(ipvs.connectionTableSize)] + timeouts, database)
            for daemon in ipvs.daemons {
                try insert("ipvs_daemons", [place, Int(daemon.role.rawValue), daemon.interface, Int(daemon.syncIdentifier)], database)
            }
        }
        try writeNetwork(facts, place: place, &addresses, database)
        if let text = facts.resolverConfiguration { try insert("resolvers", [place, text], database) }
        for problem in facts.problems {
            try insert("problems", [place, problem.operation, problem.cause, problem.remedy, Int(problem.code)], database)
        }
    }

    private static func writeNetwork(
        _ facts: NodeFacts, place: Int64, _ addresses: inout AddressBook, _ database: Database
    ) throws {
        for link in facts.interfaces {
            try insert(
                "interfaces",
                [
                    place, Int(link.index), link.name, link.kind, link.isUp, Int(link.mtu), link.tunnelPort.map { Int($0) },
                    link.tunnelIdentifier.map { Int($0) }, addresses.number(of: link.tunnelLocal).map { Int($0) },
                    link.lowerIndex.map { Int($0) }, addresses.number(of: link.tunnelRemote).map { Int($0) },
                ], database)
            for own in link.addresses {
                try insert(
                    "interface_addresses", [place, Int(link.index), Int(addresses.number(of: own.address)), Int(own.length)], database)
            }
        }
        for route in facts.routes {
            try insert(
                "routes",
                [
                    place, Int(addresses.number(of: route.destination.address)), Int(route.destination.length),
                    addresses.number(of: route.gateway).map { Int($0) }, route.interface.map { Int($0) },
                    addresses.number(of: route.preferredSource).map { Int($0) }, Int(route.table), Int(route.metric), Int(route.type),
                ], database)
        }
        for neighbour in facts.neighbours {
            try insert(
                "neighbours",
                [
                    place, Int(neighbour.interface), addresses.number(of: neighbour.address).map { Int($0) },
                    neighbour.linkAddress.map { Int64(bitPattern: $0) }, Int(neighbour.state),
                    addresses.number(of: neighbour.tunnelDestination).map { Int($0) },
                ], database)
        }
    }

    static func read(place: Int64, _ addresses: AddressTable, _ database: Database) throws -> NodeFacts {
        var facts = NodeFacts()
        func rows(_ table: String) throws -> [Row] {
            try Row.fetchAll(database, sql: "SELECT * FROM \(table) WHERE place = ?", arguments: [place])
        }
        for row in try rows("sysctls") { facts.sysctls[try row.text("name") ?? ""] = try row.text("value") }
        facts.conntrackStatistics = try rows("conntrack_statistics").map(statistics)
        facts.ipvs = try rows("ipvs_settings").first.map { try ipvs($0, daemons: rows("ipvs_daemons")) }
        try readNetwork(&facts, addresses, rows)
        facts.resolverConfiguration = try rows("resolvers").first?.text("text")
        facts.problems = try rows("problems").map { row in
            KernelStateError(
                operation: try row.text("operation") ?? "", cause: try row.text("cause") ?? "", remedy: try row.text("remedy") ?? "",
                code: try row.number("code"))
        }
        return facts
    }

    private static func statistics(_ row: Row) throws -> ConntrackStatistics {
        var cpu = ConntrackStatistics(cpu: try row.number("cpu"))
        cpu.found = try row.number("found")
        cpu.invalid = try row.number("invalid")
        cpu.insert = try row.number("insert")
        cpu.insertFailed = try row.number("insert_failed")
        cpu.drop = try row.number("drop")
        cpu.earlyDrop = try row.number("early_drop")
        cpu.error = try row.number("error")
        cpu.searchRestart = try row.number("search_restart")
        cpu.clashResolve = try row.number("clash_resolve")
        cpu.chainTooLong = try row.number("chain_too_long")
        return cpu
    }

    private static func ipvs(_ row: Row, daemons: [Row]) throws -> IPVSFacts {
        var ipvs = IPVSFacts()
        ipvs.version = try row.number("version")
        ipvs.connectionTableSize = try row.number("connection_table_size")
        ipvs.tcpTimeout = try row.optional("tcp_timeout")
        ipvs.tcpFinTimeout = try row.optional("tcp_fin_timeout")
        ipvs.udpTimeout = try row.optional("udp_timeout")
        ipvs.daemons = try daemons.map { row in
            guard let role = IPVSDaemon.Role(rawValue: try row.number("role")) else { throw DatabaseError.damaged("a daemon has no role") }
            return IPVSDaemon(role: role, interface: try row.text("interface") ?? "", syncIdentifier: try row.number("sync_identifier"))
        }
        return ipvs
    }

    private static func readNetwork(_ facts: inout NodeFacts, _ addresses: AddressTable, _ rows: (String) throws -> [Row]) throws {
        func address(_ row: Row, _ column: String) throws -> IPAddress? { try row.integer(column).map { try addresses.address($0) } }
        let owned = try Dictionary(grouping: rows("interface_addresses")) { try $0.integer("interface") }
        facts.interfaces = try rows("interfaces").map { row in
            var link = NetworkInterface(index: try row.number("interface"), name: try row.text("name") ?? "")
            link.kind = try row.text("kind") ?? ""
            link.isUp = try row.integer("is_up") == 1
            link.mtu = try row.number("mtu")
            link.tunnelPort = try row.optional("tunnel_port")
            link.tunnelIdentifier = try row.optional("tunnel_identifier")
            link.tunnelLocal = try address(row, "tunnel_local")
            link.lowerIndex = try row.optional("lower_interface")
            if row.hasColumn("tunnel_remote") { link.tunnelRemote = try address(row, "tunnel_remote") }  // earlier files have none
            link.addresses = try (owned[Int64(link.index)] ?? []).compactMap { own in
                try address(own, "address").map { AddressPrefix($0, length: try own.number("prefix_length")) }
            }
            return link
        }
        facts.routes = try rows("routes").map { row in
            guard let destination = try address(row, "destination") else { throw DatabaseError.damaged("a route has no destination") }
            var route = Route(
                destination: AddressPrefix(destination, length: try row.number("prefix_length")), table: try row.number("table_number"),
                type: try row.number("type"))
            route.gateway = try address(row, "gateway")
            route.interface = try row.optional("interface")
            route.preferredSource = try address(row, "preferred_source")
            route.metric = try row.number("metric")
            return route
        }
        facts.neighbours = try rows("neighbours").map { row in
            var neighbour = Neighbour(interface: try row.number("interface"), state: try row.number("state"))
            neighbour.address = try address(row, "address")
            neighbour.linkAddress = try row.integer("link_address").map(UInt64.init(bitPattern:))
            neighbour.tunnelDestination = try address(row, "tunnel_destination")
            return neighbour
        }
    }
}
