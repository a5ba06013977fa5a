public import KernelState

/// `ADDR[/LEN][:PORT]`, as `--client`, `--service` and `--backend` take it.
public struct EndpointPattern: Hashable, Sendable {
    public var network: IPAddress?
    public var prefixLength: Int
    public var port: UInt16?

    /// Reads `10.0.0.1`, `10.0.0.0/8:53`, `:53`, `fd00::1`, `fd00::/64`, `[fd00::1]:53` or `[fd00::/64]:53`. `::ffff:10.0.0.1` is 10.0.0.1:
    /// applications with sockets of IPv6 write it so, and the tables never do.
    ///
    /// - Parameters:
    ///   - text: as it was typed.
    ///   - option: the option's name, for the error.
    public init(_ text: String, option: String) throws(FilterError) {
        let (address, port) = EndpointPattern.split(text)
        var number: UInt16?
        if let port {
            guard let value = UInt16(port), value != 0 else {
                throw FilterError("\(option) \(text): '\(port)' is no port; ports are 1 to 65535")
            }
            number = value
        }
        if address.isEmpty {
            guard number != nil else { throw FilterError("\(option): give ADDRESS, ADDRESS/LENGTH, ADDRESS:PORT or :PORT") }
            network = nil
            prefixLength = 0
        } else {
            let parts = address.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let network = IPAddress(parts[0]) else {
                throw FilterError("\(option) \(text): '\(parts[0])' is no IPv4 or IPv6 address")
            }
            self.network = network
            prefixLength = network.bitWidth
            if parts.count == 2 {
                guard let length = Int(parts[1]), (0...network.bitWidth).contains(length) else {
                    throw FilterError("\(option) \(text): the prefix length is 0 to \(network.bitWidth) here")
                }
                prefixLength = length
            }
            if let mapped = network.mappedIPv4, prefixLength >= 96 {
                self.network = mapped
                prefixLength -= 96
            }
        }
        self.port = number
    }

    private static func split(_ text: String) -> (address: Substring, port: Substring?) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let inside = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (inside, nil) }
            if let colon = rest.lastIndex(of: ":"), rest[..<colon].allSatisfy({ $0 == "/" || $0.isNumber }) {
                return (inside + rest[..<colon], rest[rest.index(after: colon)...])
            }
            return (inside + rest, nil)
        }
        let colons = text.filter { $0 == ":" }.count
        guard colons == 1, let colon = text.firstIndex(of: ":") else { return (text[...], nil) }
        return (text[..<colon], text[text.index(after: colon)...])
    }

    /// The one IPv4 address that is asked for, when it is one.
    var ipv4Host: UInt32? {
        guard let network, network.family == .ipv4, prefixLength == 32 else { return nil }
        return UInt32(truncatingIfNeeded: network.low)
    }

    public func matches(_ endpoint: Endpoint) -> Bool {
        if let network, !endpoint.address.matches(network, prefixLength: prefixLength) { return false }
        if let port, endpoint.port != port { return false }
        return true
    }
}

extension IPAddress {
    /// The IPv4 address in an IPv4-mapped one of ::ffff:0:0/96.
    fileprivate var mappedIPv4: IPAddress? {
        guard family == .ipv6, high == 0, low >> 32 == 0xffff else { return nil }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
    }
}

extension [EndpointPattern] {
    /// No pattern asks for nothing; of several, one must fit.
    func admits(_ endpoint: Endpoint) -> Bool { isEmpty || contains { $0.matches(endpoint) } }
    func admits(_ endpoint: Endpoint?) -> Bool { isEmpty || (endpoint.map { admits($0) } ?? false) }
}
