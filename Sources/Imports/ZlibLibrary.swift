internal import CZlib
internal import KernelState

/// zlib, opened when a packed text is first met.
typealias ZlibLibrary = LateLibrary<kst_zlib>

extension ZlibLibrary {
    /// - Throws: which package to install, or how to do without, where there is none.
    static func opened() throws(KernelStateError) -> ZlibLibrary { try openedOnce.get() }
}

private let openedOnce = Result { () throws(KernelStateError) in
    try ZlibLibrary(
        "libz.so.1",
        remedy: "install the package zlib1g (zlib on other systems than Debian), or unpack the text first: gzip -dk FILE",
        filling: kst_zlib()
    ) { kst_zlib_open(&$0) }
}
