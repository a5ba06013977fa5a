/// Where a cluster's API server is, and how to be believed there.
struct APIServer: Sendable, Equatable {
    /// Certificates or a key in PEM: a file's, or the bytes themselves.
    enum Certificates: Sendable, Equatable {
        case file(String)
        case bytes([UInt8])
    }

    /// `https://host:port`, with a path where the server is behind one, without a slash at its end.
    var url: String
    /// Whom to trust; nil is the system's certificate authorities.
    var authority: Certificates?
    var skipsVerification = false
    /// The name that the server's certificate has, where it is not the URL's host.
    var tlsServerName: String?
    var token: String?
    var clientCertificate: Certificates?
    var clientKey: Certificates?
    /// `http://…` or `socks5://…`; nil leaves it to the environment, as kubectl does.
    var proxy: String?
    /// Where all this was found, in words: `the kubeconfig /root/.kube/config`.
    var origin: String

    init(url: String, origin: String) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.origin = origin
    }
}
