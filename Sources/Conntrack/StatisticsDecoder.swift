internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes one CPU's counters: `struct nfgenmsg`, whose resource id is the CPU, and the `CTA_STATS_*` attributes.
enum StatisticsDecoder {
    /// The counters, or nil when the message is cut short. Attributes that are not known here are skipped.
    static func decode(_ payload: RawSpan) -> ConntrackStatistics? {
        guard let cpu = payload.bigEndianUInt16(at: 2) else { return nil }
        var statistics = ConntrackStatistics(cpu: cpu)
        var attributes = AttributeCursor(payload.dropping(MemoryLayout<nfgenmsg>.size))
        while let attribute = attributes.next() {
            guard let field = field(UInt32(attribute.type)), let number = attribute.payload.bigEndianUInt32() else { continue }
            statistics[keyPath: field] = number
        }
        return attributes.failure == nil ? statistics : nil
    }

    private static func field(_ type: UInt32) -> WritableKeyPath<ConntrackStatistics, UInt32>? {
        switch type {
        case CTA_STATS_FOUND.rawValue: \.found
        case CTA_STATS_INVALID.rawValue: \.invalid
        case CTA_STATS_INSERT.rawValue: \.insert
        case CTA_STATS_INSERT_FAILED.rawValue: \.insertFailed
        case CTA_STATS_DROP.rawValue: \.drop
        case CTA_STATS_EARLY_DROP.rawValue: \.earlyDrop
        case CTA_STATS_ERROR.rawValue: \.error
        case CTA_STATS_SEARCH_RESTART.rawValue: \.searchRestart
        case CTA_STATS_CLASH_RESOLVE.rawValue: \.clashResolve
        case CTA_STATS_CHAIN_TOOLONG.rawValue: \.chainTooLong
        default: nil
        }
    }
}
