internal import CCurl
import KernelState

/// libcurl, opened when a cluster is first asked.
typealias CurlLibrary = LateLibrary<kst_curl>

extension CurlLibrary {
    /// - Throws: which package to install, or how to do without, where there is none.
    static func opened() throws(KernelStateError) -> CurlLibrary { try openedOnce.get() }
}

private let openedOnce = Result { () throws(KernelStateError) in
    try CurlLibrary(
        "libcurl.so.4",
        remedy: "install the package libcurl4 (libcurl on other systems than Debian), or \(Kubeconfig.fileWay)",
        filling: kst_curl()
    ) { kst_curl_open(&$0) }
}
