public import KernelState

/// What stands at the head of every report: when and where it was taken.
public struct ReportHeader: Sendable {
    /// Nanoseconds since 1970, UTC.
    public var takenAt: UInt64
    /// The host's name.
    public var node: String
    /// `uname -r`.
    public var kernel: String
    public var namespaces: [NetworkNamespace]

    public init(takenAt: UInt64, node: String, kernel: String, namespaces: [NetworkNamespace]) {
        self.takenAt = takenAt
        self.node = node
        self.kernel = kernel
        self.namespaces = namespaces
    }
}

extension [NetworkNamespace] {
    /// The namespaces by the inode that connections carry.
    var byInode: [UInt64: NetworkNamespace] { Dictionary(map { ($0.inode, $0) }) { first, _ in first } }
}

/// How much of each table was seen; nil for a table that was not asked for.
public struct ReportTables: Sendable, Hashable {
    public var conntrack: TableCoverage?
    public var ipvs: TableCoverage?

    public init(conntrack: TableCoverage? = nil, ipvs: TableCoverage? = nil) {
        self.conntrack = conntrack
        self.ipvs = ipvs
    }
}

/// Writes connections in one format. A writer is begun once, given each connection, and ended once.
public protocol ConnectionWriter {
    mutating func begin(_ header: ReportHeader, to output: inout OutputSink)
    mutating func write(_ connection: Connection, to output: inout OutputSink)
    mutating func end(_ tables: ReportTables, to output: inout OutputSink)
}
