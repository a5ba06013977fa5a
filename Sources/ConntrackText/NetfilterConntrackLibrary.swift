internal import CNetfilterConntrack
internal import KernelState

/// libnetfilter_conntrack as the node has it, opened once, when it is first needed.
struct NetfilterConntrackLibrary: @unchecked Sendable {
    let functions: kst_nfct

    /// - Throws: which package to install, or how to do without, where there is no such library.
    static func opened() throws(KernelStateError) -> NetfilterConntrackLibrary {
        try shared.get()
    }

    private static let shared: Result<NetfilterConntrackLibrary, KernelStateError> = {
        var functions = kst_nfct()
        guard let problem = kst_nfct_open(&functions) else { return .success(NetfilterConntrackLibrary(functions: functions)) }
        return .failure(
            KernelStateError(
                operation: "opening libnetfilter_conntrack.so.3", cause: String(cString: problem),
                remedy: "install the package libnetfilter-conntrack3 (libnetfilter_conntrack on other systems than Debian), "
                    + "or take another output than conntrack"))
    }()
}
