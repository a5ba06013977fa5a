internal import CCurl
import KernelState

/// libcurl as the node has it, opened once, when it is first needed.
struct CurlLibrary: @unchecked Sendable {
    let functions: kst_curl

    /// - Throws: which package to install, or how to do without, where there is no libcurl.
    static func opened() throws(KernelStateError) -> CurlLibrary {
        try shared.get()
    }

    private static let shared: Result<CurlLibrary, KernelStateError> = {
        var functions = kst_curl()
        guard let problem = kst_curl_open(&functions) else { return .success(CurlLibrary(functions: functions)) }
        return .failure(
            KernelStateError(
                operation: "opening libcurl.so.4", cause: String(cString: problem),
                remedy: "install the package libcurl4 (libcurl on other systems than Debian), or \(Kubeconfig.fileWay)"))
    }()
}
