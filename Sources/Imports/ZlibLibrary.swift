internal import CZlib
internal import KernelState

/// zlib as the machine has it, opened once, when it is first needed.
struct ZlibLibrary: @unchecked Sendable {
    let functions: kst_zlib

    /// - Throws: which package to install, or how to do without, where there is no zlib.
    static func opened() throws(KernelStateError) -> ZlibLibrary {
        try shared.get()
    }

    private static let shared: Result<ZlibLibrary, KernelStateError> = {
        var functions = kst_zlib()
        guard let problem = kst_zlib_open(&functions) else { return .success(ZlibLibrary(functions: functions)) }
        return .failure(
            KernelStateError(
                operation: "opening libz.so.1", cause: String(cString: problem),
                remedy: "install the package zlib1g (zlib on other systems than Debian), or unpack the text first: gzip -dk FILE"))
    }()
}
