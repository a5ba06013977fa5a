public import KernelState

/// A line of the services' table: a service, with the sums over its backends, or one of its backends.
public struct ServiceRow: Sendable {
    public var service: ServiceState
    /// nil for the service's own line.
    public var backend: BackendState?
    /// True for the last backend of the service.
    public var isLast: Bool

    public init(service: ServiceState, backend: BackendState? = nil, isLast: Bool = false) {
        self.service = service
        self.backend = backend
        self.isLast = isLast
    }

    /// The lines of a service: its own, and a branch for each backend.
    public static func tree(_ service: ServiceState) -> [ServiceRow] {
        [ServiceRow(service: service)]
            + service.backends.enumerated().map { index, backend in
                ServiceRow(service: service, backend: backend, isLast: index == service.backends.count - 1)
            }
    }

    /// The records of a service: a backend each, or the service alone where it has none.
    public static func records(_ service: ServiceState) -> [ServiceRow] {
        service.backends.isEmpty ? [ServiceRow(service: service)] : service.backends.map { ServiceRow(service: service, backend: $0) }
    }

    /// The backends that the line is about.
    var backends: [BackendState] { backend.map { [$0] } ?? service.backends }
}

/// A column of the services' table and CSV formats.
public enum ServiceColumn: String, CaseIterable, TableColumn {
    case node, namespace, tree, `protocol`, service, name, scheduler, flags, persistence, sources, backend, pod
    case podNode = "pod_node"
    case forwarding, weight, active, inactive, verdict, connections, replied, unreplied, oldest
    case withoutBackend = "without_backend"
    case templates, new, ended, failed, ipvs, conntrack
    case ipvsTop = "ipvs_top"
    case conntrackTop = "conntrack_top"
    case totalConnections = "total_connections"
    case packetsIn = "packets_in"
    case packetsOut = "packets_out"
    case bytesIn = "bytes_in"
    case bytesOut = "bytes_out"
    case connectionRate = "connections_per_s"
    case byteRateIn = "bytes_in_per_s"
    case byteRateOut = "bytes_out_per_s"
    case evidence

    public static let standard: [ServiceColumn] = [
        .tree, .name, .verdict, .weight, .connections, .unreplied, .oldest, .ipvsTop, .conntrackTop,
    ]
    /// What a live screen shows: the standard columns with rates.
    public static let live: [ServiceColumn] = [
        .tree, .name, .verdict, .weight, .connections, .unreplied, .oldest, .new, .ended, .failed, .ipvsTop, .conntrackTop,
    ]
    public static let wide: [ServiceColumn] = [
        .tree, .name, .sources, .scheduler, .forwarding, .weight, .verdict, .connections, .unreplied, .oldest, .active, .inactive,
        .templates, .ipvs, .conntrack, .totalConnections, .packetsIn, .packetsOut, .bytesIn, .bytesOut, .connectionRate, .byteRateIn,
        .byteRateOut, .evidence,
    ]
    /// A record a backend: everything but what only a tree or a watch has.
    public static let records: [ServiceColumn] = allCases.filter {
        ![.node, .namespace, .tree, .new, .ended, .failed, .ipvsTop, .conntrackTop].contains($0)
    }
    /// What only IPVS knows.
    static let ofIPVS: Set<ServiceColumn> = [
        .scheduler, .forwarding, .weight, .active, .inactive, .templates, .ipvs, .ipvsTop, .totalConnections, .packetsIn, .packetsOut,
        .bytesIn, .bytesOut, .connectionRate, .byteRateIn, .byteRateOut,
    ]

    public var name: String { rawValue }

    public var heading: String {
        switch self {
        case .tree: "SERVICE / BACKEND"
        case .connections: "CONNS"
        case .ipvsTop: "IPVS"
        case .conntrackTop: "CONNTRACK"
        case .unreplied: "UNREPL"
        case .totalConnections: "TOTAL"
        case .new: "NEW/S"
        case .ended: "ENDED/S"
        case .failed: "FAILED/S"
        case .connectionRate: "CONNS/S"
        case .byteRateIn: "BYTES IN/S"
        case .byteRateOut: "BYTES OUT/S"
        default: String(rawValue.uppercased().map { $0 == "_" ? " " : $0 })
        }
    }

    public var isRightAligned: Bool {
        switch self {
        case .weight, .active, .inactive, .connections, .replied, .unreplied, .oldest, .withoutBackend, .templates, .persistence: true
        case .new, .ended, .failed, .connectionRate, .byteRateIn, .byteRateOut: true
        case .totalConnections, .packetsIn, .packetsOut, .bytesIn, .bytesOut: true
        default: false
        }
    }

    public var expendability: Int {
        switch self {
        case .tree, .verdict: 0
        case .unreplied: 1
        case .oldest, .failed: 2
        case .conntrack, .conntrackTop: 3
        case .ipvs, .ipvsTop: 4
        case .name: 5
        case .connections: 6
        case .new: 7
        default: 8
        }
    }

    public var shortening: Int {
        switch self {
        case .name: 2
        case .tree: 1
        default: 0
        }
    }

    public static func withPlaces(_ columns: [ServiceColumn], in header: ReportHeader) -> [ServiceColumn] {
        var places: [ServiceColumn] = []
        if header.hasSeveralNodes { places.append(.node) }
        if header.hasSeveralNamespaces { places.append(.namespace) }
        return places.filter { !columns.contains($0) } + columns
    }

    public func style(_ row: ServiceRow) -> StaticString? {
        guard let backend = row.backend else { return self == .tree ? Style.bold : nil }
        switch self {
        case .verdict:
            switch backend.verdict {
            case .answering: return Style.green
            case .silent, .stale: return Style.red
            case .partial, .undecided, .draining: return Style.yellow
            case .idle: return Style.dim
            }
        case .unreplied, .oldest: return backend.verdict == .silent || backend.verdict == .partial ? Style.red : nil
        default: return nil
        }
    }
}
