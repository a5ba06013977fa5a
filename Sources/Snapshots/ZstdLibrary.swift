internal import CZstd
internal import KernelState

/// libzstd as the node has it, opened once, when it is first needed.
struct ZstdLibrary: @unchecked Sendable {
    let functions: kst_zstd

    /// - Throws: which package to install, or how to do without, where there is no libzstd.
    static func opened() throws(KernelStateError) -> ZstdLibrary {
        try shared.get()
    }

    private static let shared: Result<ZstdLibrary, KernelStateError> = {
        var functions = kst_zstd()
        guard let problem = kst_zstd_open(&functions) else { return .success(ZstdLibrary(functions: functions)) }
        return .failure(
            KernelStateError(
                operation: "opening libzstd.so.1", cause: String(cString: problem),
                remedy: "install the package libzstd1 (libzstd on other systems than Debian), or do without compression: "
                    + "zstd -d makes a plain file of a compressed one"))
    }()

    /// What libzstd says of a result; nil where it is no error.
    func problem(_ result: Int) -> String? {
        functions.isError(result) == 0 ? nil : functions.getErrorName(result).map { String(cString: $0) } ?? "error \(result)"
    }
}
