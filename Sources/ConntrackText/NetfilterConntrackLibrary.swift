internal import CNetfilterConntrack
internal import KernelState

/// libnetfilter_conntrack, opened when its text for an entry is first asked for.
typealias NetfilterConntrackLibrary = LateLibrary<kst_nfct>

extension NetfilterConntrackLibrary {
    /// - Throws: which package to install, or how to do without, where there is none.
    static func opened() throws(KernelStateError) -> NetfilterConntrackLibrary { try openedOnce.get() }
}

private let openedOnce = Result { () throws(KernelStateError) in
    try NetfilterConntrackLibrary(
        "libnetfilter_conntrack.so.3",
        remedy: "install the package libnetfilter-conntrack3 (libnetfilter_conntrack on other systems than Debian), "
            + "or take another output than conntrack",
        filling: kst_nfct()
    ) { kst_nfct_open(&$0) }
}
