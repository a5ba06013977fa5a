internal import CZstd
internal import KernelState

/// libzstd, opened when a file is first to be compressed, or read that was.
typealias ZstdLibrary = LateLibrary<kst_zstd>

extension ZstdLibrary {
    /// - Throws: which package to install, or how to do without, where there is none.
    static func opened() throws(KernelStateError) -> ZstdLibrary { try openedOnce.get() }

    /// What libzstd says of a result; nil where it is no error.
    func problem(_ result: Int) -> String? {
        functions.isError(result) == 0 ? nil : functions.getErrorName(result).map { String(cString: $0) } ?? "error \(result)"
    }
}

private let openedOnce = Result { () throws(KernelStateError) in
    try ZstdLibrary(
        "libzstd.so.1",
        remedy: "install the package libzstd1 (libzstd on other systems than Debian), or do without compression: "
            + "zstd -d makes a plain file of a compressed one",
        filling: kst_zstd()
    ) { kst_zstd_open(&$0) }
}
