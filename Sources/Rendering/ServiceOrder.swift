public import KernelState

/// An order of services by one key.
public struct ServiceOrder: SortOrder {
    public enum Key: String, CaseIterable, Sendable {
        case service, name, verdict, connections, unreplied, oldest
    }

    public var key: Key
    public var descending: Bool

    public init(key: Key, descending: Bool = false) {
        self.key = key
        self.descending = descending
    }

    /// Sorts services, and each one's backends by address; services that the key finds equal stand by address too.
    public func sorted(_ services: [ServiceState]) -> [ServiceState] {
        var services = services
        for index in services.indices { services[index].backends.sort { $0.endpoint.precedes($1.endpoint) ?? false } }
        services.sort(by: Self.byAddress)
        if key == .service { return descending ? services.reversed() : services }
        let keyed = services.enumerated().map { (index: $0.offset, value: value($0.element), service: $0.element) }
        return keyed.sorted { left, right in
            if left.value == right.value { return left.index < right.index }
            return descending ? right.value < left.value : left.value < right.value
        }.map(\.service)
    }

    private enum Value: Comparable {
        case number(Double)
        case text(String)
    }

    private func value(_ service: ServiceState) -> Value {
        switch key {
        case .service, .name: .text(service.name ?? "")
        case .verdict: .number(Double(service.backends.map { Self.rank($0.verdict) }.min() ?? BackendVerdict.allCases.count))
        case .connections: .number(Double(service.connections))
        case .unreplied: .number(Double(service.backends.reduce(0) { $0 + $1.connections.unreplied }))
        case .oldest: .number(service.backends.compactMap(\.connections.oldestUnreplied).max() ?? -1)
        }
    }

    /// The worst verdict first.
    private static func rank(_ verdict: BackendVerdict) -> Int {
        switch verdict {
        case .silent: 0
        case .stale: 1
        case .partial: 2
        case .undecided: 3
        case .draining: 4
        case .answering: 5
        case .idle: 6
        }
    }

    private static func byAddress(_ left: ServiceState, _ right: ServiceState) -> Bool {
        if left.place != right.place { return left.place < right.place }
        switch (left.identity, right.identity) {
        case (.address(let first, let one), .address(let second, let other)):
            return one.precedes(other) ?? (first.rawValue < second.rawValue)
        case (.address, .firewallMark): return true
        case (.firewallMark, .address): return false
        case (.firewallMark(let one, let first), .firewallMark(let other, let second)):
            return one == other ? first == .ipv4 && second == .ipv6 : one < other
        }
    }
}
