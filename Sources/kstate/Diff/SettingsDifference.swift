import KernelState

/// A setting, counter, service or backend that two readings do not agree on; nil on the side that has none.
struct SettingChange: Hashable {
    var name: String
    var before: String?
    var after: String?
}

/// Everything but the connections that two readings of one place can differ in.
struct SettingsDifference {
    private(set) var services: [SettingChange] = []
    private(set) var sysctls: [SettingChange] = []
    /// Sums over all CPUs, of 32 bits, which wrap.
    private(set) var statistics: [SettingChange] = []

    init(_ before: any StateSource, _ after: any StateSource) {
        // A table that could not be read is the connections' matter to report.
        services = Self.changes(Self.described((try? before.services()) ?? []), Self.described((try? after.services()) ?? []))
        let (earlier, later) = (before.facts(), after.facts())
        sysctls = Self.changes(earlier.sysctls, later.sysctls)
        statistics = Self.changes(Self.sums(earlier.conntrackStatistics), Self.sums(later.conntrackStatistics))
    }

    private static func changes(_ before: [String: String], _ after: [String: String]) -> [SettingChange] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            before[name] == after[name] ? nil : SettingChange(name: name, before: before[name], after: after[name])
        }
    }

    private static func described(_ services: [VirtualService]) -> [String: String] {
        var described: [String: String] = [:]
        for service in services {
            let name = name(service.identity)
            described[name] = "scheduler \(service.scheduler)" + (service.persistence.map { ", persistent \($0) s" } ?? "")
            for backend in service.backends {
                described["\(name) -> \(backend.endpoint)"] =
                    "\(backend.forwarding.name) weight \(backend.weight), \(backend.activeConnections) active, \(backend.inactiveConnections) inactive"
                    + (backend.counters.map { ", \($0.connections) connections so far" } ?? "")
            }
        }
        return described
    }

    private static func name(_ identity: ServiceIdentity) -> String {
        switch identity {
        case .address(let transport, let endpoint): "\(transport.name) \(endpoint)"
        case .firewallMark(let mark, let family): "fwmark \(mark)" + (family == .ipv6 ? " ipv6" : "")
        }
    }

    private static func sums(_ cpus: [ConntrackStatistics]) -> [String: String] {
        guard !cpus.isEmpty else { return [:] }
        func sum(_ counter: (ConntrackStatistics) -> UInt32) -> String { String(cpus.reduce(0) { $0 + UInt64(counter($1)) }) }
        return [
            "found": sum { $0.found }, "invalid": sum { $0.invalid }, "insert": sum { $0.insert },
            "insert_failed": sum { $0.insertFailed }, "drop": sum { $0.drop }, "early_drop": sum { $0.earlyDrop },
            "error": sum { $0.error }, "search_restart": sum { $0.searchRestart }, "clash_resolve": sum { $0.clashResolve },
            "chaintoolong": sum { $0.chainTooLong },
        ]
    }
}
