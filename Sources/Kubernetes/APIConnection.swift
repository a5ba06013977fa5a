internal import CCurl
internal import Glibc
import KernelState

/// One connection to an API server, kept open from request to request. Not to be used by two threads at a time.
final class APIConnection {
    private let curl: CurlLibrary
    private let handle: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    /// Certificates and keys that came as bytes.
    private var files: [Int32] = []
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// - Throws: why libcurl cannot be had, or cannot do what the server needs.
    init(_ server: APIServer) throws(KernelStateError) {
        curl = try CurlLibrary.opened()
        guard let handle = curl.functions.easy_init() else { throw KernelStateError(operation: "curl_easy_init", cause: "out of memory") }
        self.handle = handle
        errorText[0] = 0
        set(CURLOPT_ERRORBUFFER, pointer: errorText)
        set(CURLOPT_NOSIGNAL, 1)  // no alarm(2): there are other threads
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_ACCEPT_ENCODING, "")  // any that libcurl can undo
        setTrust(server)
        setClient(server)
        if let proxy = server.proxy { set(CURLOPT_PROXY, proxy) }
        var headers = ["Accept: application/json", "User-Agent: kstate"]
        if let token = server.token { headers.append("Authorization: Bearer \(token)") }
        setName(server, &headers)
        setList(CURLOPT_HTTPHEADER, headers)
    }

    deinit {
        curl.functions.easy_cleanup(handle)
        for list in lists { curl.functions.slist_free_all(list) }
        for file in files { close(file) }
        errorText.deallocate()
    }

    /// GET, with the body in pieces as they come.
    ///
    /// - Parameter seconds: after which the request is given up.
    func get(_ path: String, seconds: Double, body: @escaping (_ status: Int, UnsafeRawBufferPointer) -> Bool) -> APIResponse {
        let sink = BodySink(curl: curl, handle: handle, receive: body)
        let milliseconds = max(1, Int(seconds * 1000))
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        set(CURLOPT_URL, requestURL + path)
        withExtendedLifetime(sink) {
            withUnsafePointer(to: curl.functions) { functions in
                _ = kst_curl_set_writer(functions, handle, receiveBody, Unmanaged.passUnretained(sink).toOpaque())
            }
        }
        let code = withExtendedLifetime(sink) { curl.functions.easy_perform(handle) }
        if code == CURLE_OK { return .status(sink.status) }
        if code == CURLE_WRITE_ERROR { return .status(sink.status) }  // the receiver has had enough
        let text = errorText[0] == 0 ? curl.functions.easy_strerror(code) : UnsafePointer(errorText)
        return .failure(code: code.rawValue, detail: text.map { Self.withoutTime(String(cString: $0)) } ?? "CURLcode \(code.rawValue)")
    }

    /// libcurl tells after how many milliseconds it failed: for each list another number, and the same failure would be told for each.
    static func withoutTime(_ text: String) -> String { text.replacing(/\ after [0-9]+ ms/, with: "") }

    /// `text` as a value in a query.
    func escaped(_ text: String) -> String {
        guard let escaped = curl.functions.easy_escape(handle, text, 0) else { return text }
        defer { curl.functions.free(escaped) }
        return String(cString: escaped)
    }

    // MARK: Options

    private var requestURL = ""

    private func set(_ option: CURLoption, _ value: Int) {
        withUnsafePointer(to: curl.functions) { _ = kst_curl_set_long($0, handle, option, value) }
    }

    private func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        withUnsafePointer(to: curl.functions) { _ = kst_curl_set_pointer($0, handle, option, pointer) }
    }

    /// libcurl copies the text.
    private func set(_ option: CURLoption, _ text: String) {
        text.withCString { set(option, pointer: $0) }
    }

    private func setList(_ option: CURLoption, _ texts: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts { list = curl.functions.slist_append(list, text) ?? list }
        set(option, pointer: list)
        if let list { lists.append(list) }
    }

    private func setTrust(_ server: APIServer) {
        if server.skipsVerification {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        } else if let authority = server.authority {
            set(CURLOPT_CAINFO, path(of: authority))
        }
    }

    private func setClient(_ server: APIServer) {
        guard let certificate = server.clientCertificate else { return }
        set(CURLOPT_SSLCERT, path(of: certificate))
        if let key = server.clientKey { set(CURLOPT_SSLKEY, path(of: key)) }
    }

    /// libcurl checks the certificate against the URL's host: a certificate of another name is asked for by that name, at the same place.
    private func setName(_ server: APIServer, _ headers: inout [String]) {
        requestURL = server.url
        guard let name = server.tlsServerName, let parts = HostAndPort(url: server.url) else { return }
        requestURL = "\(parts.scheme)://\(name):\(parts.port)\(parts.path)"
        headers.append("Host: \(parts.host):\(parts.port)")
        setList(CURLOPT_CONNECT_TO, ["\(name):\(parts.port):\(parts.host):\(parts.port)"])
    }

    private func path(of certificates: APIServer.Certificates) -> String {
        switch certificates {
        case .file(let path): return path
        case .bytes(let bytes):
            let file = kst_anonymous_file()
            files.append(file)
            bytes.withUnsafeBytes { _ = write(file, $0.baseAddress, $0.count) }
            return "/proc/self/fd/\(file)"
        }
    }
}

/// How a request ended.
enum APIResponse: Equatable {
    /// The HTTP status of a whole answer.
    case status(Int)
    /// No whole answer: libcurl's `CURLcode`, and what it says.
    case failure(code: UInt32, detail: String)
}

/// What libcurl hands the body to.
private final class BodySink {
    let curl: CurlLibrary
    let handle: UnsafeMutableRawPointer
    let receive: (Int, UnsafeRawBufferPointer) -> Bool

    init(curl: CurlLibrary, handle: UnsafeMutableRawPointer, receive: @escaping (Int, UnsafeRawBufferPointer) -> Bool) {
        self.curl = curl
        self.handle = handle
        self.receive = receive
    }

    var status: Int { withUnsafePointer(to: curl.functions) { kst_curl_status($0, handle) } }
}

/// `CURLOPT_WRITEFUNCTION`: fewer bytes than there were end the request.
private let receiveBody: curl_write_callback = { bytes, size, count, context in
    guard let context, let bytes else { return 0 }
    let sink = Unmanaged<BodySink>.fromOpaque(context).takeUnretainedValue()
    return sink.receive(sink.status, UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
