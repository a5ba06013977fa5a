public import KernelState

/// An order of connections by one key.
public struct ConnectionOrder: SortOrder {
    public enum Key: String, CaseIterable, Sendable {
        case `protocol`, client, service, backend, state, timeout, packets, bytes, start
    }

    public var key: Key
    public var descending: Bool

    public init(key: Key, descending: Bool = false) {
        self.key = key
        self.descending = descending
    }

    public func precedes(_ left: Connection, _ right: Connection) -> Bool {
        descending ? ascending(right, left) : ascending(left, right)
    }

    private func ascending(_ left: Connection, _ right: Connection) -> Bool {
        switch key {
        case .protocol: left.transport.rawValue < right.transport.rawValue
        case .client: left.client.precedes(right.client) ?? false
        case .service: Self.byService(left, right)
        case .backend: left.backend.precedes(right.backend) ?? false
        case .state: Self.state(left) < Self.state(right)
        case .timeout: Self.timeout(left) < Self.timeout(right)
        case .packets: Self.packets(left) < Self.packets(right)
        case .bytes: Self.bytes(left) < Self.bytes(right)
        case .start: (left.conntrack?.start ?? 0) < (right.conntrack?.start ?? 0)
        }
    }

    /// By service, then backend, then client: the connections of one backend stand together.
    static func byService(_ left: Connection, _ right: Connection) -> Bool {
        if left.place != right.place { return left.place < right.place }
        switch (left.service, right.service) {
        case (nil, _?): return false
        case (_?, nil): return true
        case (let first?, let second?): if let less = first.precedes(second) { return less }
        case (nil, nil): break
        }
        if left.transport != right.transport { return left.transport.rawValue < right.transport.rawValue }
        return left.backend.precedes(right.backend) ?? left.client.precedes(right.client) ?? false
    }

    private static func state(_ connection: Connection) -> String {
        connection.conntrack?.state?.name ?? connection.ipvs?.state.name ?? ""
    }
    private static func timeout(_ connection: Connection) -> UInt32 {
        connection.conntrack?.timeout ?? connection.ipvs?.expires ?? 0
    }
    private static func packets(_ connection: Connection) -> UInt64 {
        connection.conntrack?.counters.map { $0.originalPackets &+ $0.replyPackets } ?? 0
    }
    private static func bytes(_ connection: Connection) -> UInt64 {
        connection.conntrack?.counters.map { $0.originalBytes &+ $0.replyBytes } ?? 0
    }
}
