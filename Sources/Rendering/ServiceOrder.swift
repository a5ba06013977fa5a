public import KernelState

/// An order of services by one key: `--sort KEY`, or `--sort -KEY` for the highest first.
public struct ServiceOrder: Sendable {
    public enum Key: String, CaseIterable, Sendable {
        case service, name, verdict, connections, unreplied, oldest
    }

    public var key: Key
    public var descending: Bool

    /// Reads a key's name, with `-` before it for descending; nil for an unknown one.
    public init?(_ text: String) {
        descending = text.hasPrefix("-")
        guard let key = Key(rawValue: descending ? String(text.dropFirst()) : text) else { return nil }
        self.key = key
    }

    public init(key: Key, descending: Bool = false) {
        self.key = key
        self.descending = descending
    }

    /// Sorts services, and each one's backends by address; services that the key finds equal stand by address too.
    public func sorted(_ services: [ServiceState]) -> [ServiceState] {
        var services = services
        for index in services.indices { services[index].backends.sort { Self.isLess($0.endpoint, $1.endpoint) ?? false } }
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
            return isLess(one, other) ?? (first.rawValue < second.rawValue)
        case (.address, .firewallMark): return true
        case (.firewallMark, .address): return false
        case (.firewallMark(let one, let first), .firewallMark(let other, let second)):
            return one == other ? first == .ipv4 && second == .ipv6 : one < other
        }
    }

    /// nil when both are equal.
    private static func isLess(_ left: Endpoint, _ right: Endpoint) -> Bool? {
        if left.address != right.address { return left.address < right.address }
        let ports = (left.port ?? 0, right.port ?? 0)
        return ports.0 == ports.1 ? nil : ports.0 < ports.1
    }
}
