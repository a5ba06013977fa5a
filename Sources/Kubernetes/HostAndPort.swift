/// A URL's parts, as far as they tell where to connect to.
struct HostAndPort: Equatable {
    var scheme: String
    /// In brackets if it is an IPv6 address.
    var host: String
    var port: Int
    var path: String

    init?(url: String) {
        guard let colon = url.firstRange(of: "://") else { return nil }
        scheme = String(url[..<colon.lowerBound])
        let rest = url[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = String(rest[slash...])
        let authority = rest[..<slash]
        let standard = scheme == "http" ? 80 : 443
        if let separator = authority.lastIndex(of: ":"), authority[separator...].firstIndex(of: "]") == nil,
            let number = Int(authority[authority.index(after: separator)...])
        {
            host = String(authority[..<separator])
            port = number
        } else {
            host = String(authority)
            port = standard
        }
        if host.isEmpty { return nil }
    }
}
