import Correlation
import KernelState

// The records as JSON, one field a fact.

extension VirtualService {
    var json: JSONValue {
        var members: [(name: String, value: JSONValue)]
        switch identity {
        case .address(let transport, let endpoint):
            members = [("protocol", .text(transport.name)), ("address", JSONValue(endpoint.address)), ("port", JSONValue(endpoint.port))]
        case .firewallMark(let mark, let family):
            members = [("mark", JSONValue(mark)), ("family", .number(family == .ipv4 ? 4 : 6))]
        }
        members += [
            ("scheduler", .text(scheduler)), ("flags", JSONValue(flags)), ("persistence", JSONValue(persistence)),
            ("netmask", JSONValue(persistenceNetmask)), ("engine", JSONValue(persistenceEngine)),
            ("counters", counters?.json ?? .null), ("backends", .array(backends.map(\.json))),
        ]
        return .object(members)
    }
}

extension Backend {
    var json: JSONValue {
        .object([
            ("address", JSONValue(endpoint.address)), ("port", JSONValue(endpoint.port)), ("forwarding", .text(forwarding.name)),
            ("weight", JSONValue(weight)), ("active", JSONValue(activeConnections)), ("inactive", JSONValue(inactiveConnections)),
            ("persistent", JSONValue(persistentConnections)), ("upper", JSONValue(upperThreshold)), ("lower", JSONValue(lowerThreshold)),
            ("counters", counters?.json ?? .null),
        ])
    }
}

extension TrafficCounters {
    /// In the order of `ipvsadm --stats`, then of `--rate`.
    var json: JSONValue {
        .array(
            [
                connections, inboundPackets, outboundPackets, inboundBytes, outboundBytes, connectionRate, inboundPacketRate,
                outboundPacketRate, inboundByteRate, outboundByteRate,
            ].map { JSONValue($0) })
    }
}

extension ConntrackStatistics {
    var json: JSONValue {
        .object([
            ("cpu", JSONValue(cpu)), ("found", JSONValue(found)), ("invalid", JSONValue(invalid)), ("insert", JSONValue(insert)),
            ("insert_failed", JSONValue(insertFailed)), ("drop", JSONValue(drop)), ("early_drop", JSONValue(earlyDrop)),
            ("error", JSONValue(error)), ("search_restart", JSONValue(searchRestart)), ("clash_resolve", JSONValue(clashResolve)),
            ("chaintoolong", JSONValue(chainTooLong)),
        ])
    }
}

extension IPVSFacts {
    var json: JSONValue {
        .object([
            ("version", JSONValue(version)), ("size", JSONValue(connectionTableSize)),
            ("timeouts", .array([tcpTimeout, tcpFinTimeout, udpTimeout].map { JSONValue($0) })),
            (
                "daemons",
                .array(
                    daemons.map {
                        .object([
                            ("role", .text("\($0.role)")), ("interface", .text($0.interface)), ("id", JSONValue($0.syncIdentifier)),
                        ])
                    })
            ),
        ])
    }
}

extension NetworkInterface {
    var json: JSONValue {
        .object([
            ("index", JSONValue(index)), ("name", .text(name)), ("kind", .text(kind)), ("up", .bool(isUp)), ("mtu", JSONValue(mtu)),
            ("addresses", .array(addresses.map { .text("\($0.address)/\($0.length)") })), ("port", JSONValue(tunnelPort)),
            ("vni", JSONValue(tunnelIdentifier)), ("local", JSONValue(tunnelLocal)), ("remote", JSONValue(tunnelRemote)),
            ("lower", JSONValue(lowerIndex)),
        ])
    }
}

extension Route {
    var json: JSONValue {
        .object([
            ("destination", .text("\(destination.address)/\(destination.length)")), ("gateway", JSONValue(gateway)),
            ("interface", JSONValue(interface)), ("source", JSONValue(preferredSource)), ("table", JSONValue(table)),
            ("metric", JSONValue(metric)), ("type", JSONValue(type)),
        ])
    }
}

extension Neighbour {
    var json: JSONValue {
        .object([
            ("interface", JSONValue(interface)), ("address", JSONValue(address)), ("link_address", JSONValue(linkAddress)),
            ("state", JSONValue(state)), ("destination", JSONValue(tunnelDestination)),
        ])
    }
}

extension NetworkPath {
    var json: JSONValue {
        .object([
            ("type", JSONValue(route.type)), ("interface", JSONValue(interface?.name)), ("gateway", JSONValue(gateway)),
            ("outer", outer?.json ?? .null),
        ])
    }
}

extension OuterPath {
    var json: JSONValue {
        .object([
            ("destination", JSONValue(destination)), ("source", JSONValue(source)), ("port", JSONValue(port)),
            ("vni", JSONValue(identifier)), ("interface", JSONValue(interface?.name)),
        ])
    }
}
