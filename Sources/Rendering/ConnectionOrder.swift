public import KernelState

/// An order of connections by one key: `--sort KEY`, or `--sort -KEY` for the highest first.
public struct ConnectionOrder: Sendable {
    public enum Key: String, CaseIterable, Sendable {
        case `protocol`, client, service, backend, state, timeout, packets, bytes, start
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

    public func precedes(_ left: Connection, _ right: Connection) -> Bool {
        descending ? ascending(right, left) : ascending(left, right)
    }

    private func ascending(_ left: Connection, _ right: Connection) -> Bool {
        switch key {
        case .protocol: left.transport.rawValue < right.transport.rawValue
        case .client: Self.isLess(left.client, right.client) ?? false
        case .service: Self.byService(left, right)
        case .backend: Self.isLess(left.backend, right.backend) ?? false
        case .state: Self.state(left) < Self.state(right)
        case .timeout: Self.timeout(left) < Self.timeout(right)
        case .packets: Self.packets(left) < Self.packets(right)
        case .bytes: Self.bytes(left) < Self.bytes(right)
        case .start: (left.conntrack?.start ?? 0) < (right.conntrack?.start ?? 0)
        }
    }

    /// By service, then backend, then client: the connections of one backend stand together.
    public static func byService(_ left: Connection, _ right: Connection) -> Bool {
        if left.place != right.place { return left.place < right.place }
        switch (left.service, right.service) {
        case (nil, _?): return false
        case (_?, nil): return true
        case (let first?, let second?): if let less = isLess(first, second) { return less }
        case (nil, nil): break
        }
        if left.transport != right.transport { return left.transport.rawValue < right.transport.rawValue }
        return isLess(left.backend, right.backend) ?? isLess(left.client, right.client) ?? false
    }

    /// nil when both are equal.
    private static func isLess(_ left: Endpoint, _ right: Endpoint) -> Bool? {
        if left.address != right.address { return left.address < right.address }
        let ports = (left.port ?? 0, right.port ?? 0)
        return ports.0 == ports.1 ? nil : ports.0 < ports.1
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
