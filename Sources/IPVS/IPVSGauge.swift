internal import KernelState
internal import Netlink

/// What tells that the IPVS table of a namespace has changed, kept open to be read again before and after a pass over it.
struct IPVSGauge: ~Copyable {
    private let services: KernelFile
    private let statistics: KernelFile?

    struct Reading: Hashable, Sendable {
        /// Active and inactive connections of all backends. Connections whose backend is gone, and templates, are not among them, so that
        /// a complete reading of the table has as many rows or more.
        var connections: UInt64
        /// Connections that were ever made here: with as many as before, and none made, none has ended.
        var made: UInt64
    }

    /// - Parameters:
    ///   - services: /proc/net/ip_vs.
    ///   - statistics: /proc/net/ip_vs_stats_percpu; nil where it may not be read.
    init(services: consuming KernelFile, statistics: consuming KernelFile?) {
        self.services = services
        self.statistics = statistics
    }

    /// Both as they are now; 0 for what cannot be read.
    func read() -> Reading { Reading(connections: connections(), made: made()) }

    private func connections() -> UInt64 {
        guard let bytes = try? services.contents() else { return 0 }
        return ServiceTableParser.services(in: bytes).reduce(0) { sum, service in
            service.backends.reduce(sum) { $0 + UInt64($1.activeConnections) + UInt64($1.inactiveConnections) }
        }
    }

    /// The sum of the processors' rows. Their total, which stands behind `~`, is renewed every two seconds only.
    ///
    ///            Total Incoming Outgoing         Incoming         Outgoing
    ///     CPU    Conns  Packets  Packets            Bytes            Bytes
    ///       0      3B5      76A      3B5            1D9C8             ECE4
    ///       ~      3B0      760      3B0            1D800             EC00
    private func made() -> UInt64 {
        guard let bytes = try? statistics?.contents() else { return 0 }
        return bytes.withUnsafeBytes { bytes in
            var sum: UInt64 = 0
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                var words = LineWords(UnsafeRawBufferPointer(rebasing: line))
                guard let first = words.next() else { continue }
                if words.matches(first, "~") { break }
                guard words.hexadecimal(first) != nil, let count = words.next() else { continue }
                sum &+= words.hexadecimal(count) ?? 0
            }
            return sum
        }
    }
}
