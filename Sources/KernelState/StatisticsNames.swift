extension ConntrackStatistics {
    /// The counter that a column of /proc/net/stat/nf_conntrack, or a word of `conntrack -S`, is called by; nil for those that are not kept.
    ///
    /// Kernels have renamed columns: `clashres` has been there since Linux 5.9, `chainlength` since 5.16.
    public static func counter(named name: String) -> WritableKeyPath<ConntrackStatistics, UInt32>? {
        switch name {
        case "found": \.found
        case "invalid": \.invalid
        case "insert": \.insert
        case "insert_failed": \.insertFailed
        case "drop": \.drop
        case "early_drop": \.earlyDrop
        case "error", "icmp_error": \.error
        case "search_restart": \.searchRestart
        case "clash_resolve", "clashres": \.clashResolve
        case "chaintoolong", "chainlength": \.chainTooLong
        default: nil
        }
    }
}
