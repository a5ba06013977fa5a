/// What stands beside an address to tell one conversation from another.
public enum EndpointDetail: Hashable, Sendable {
    /// TCP, UDP, UDP-Lite, SCTP or DCCP port; for GRE the key of that direction.
    case port(UInt16)
    /// ICMP and ICMPv6: a query has an identifier, and each direction its own type.
    case icmp(type: UInt8, code: UInt8, id: UInt16)
    /// A protocol that conntrack follows by its addresses alone.
    case none
}

/// One end of a connection: an address, and a port where the protocol has ports.
public struct Endpoint: Hashable, Sendable {
    public var address: IPAddress
    public var detail: EndpointDetail

    @inlinable public init(address: IPAddress, detail: EndpointDetail) {
        self.address = address
        self.detail = detail
    }

    @inlinable public init(address: IPAddress, port: UInt16) {
        self.init(address: address, detail: .port(port))
    }

    /// The port, where there is one.
    @inlinable public var port: UInt16? {
        if case .port(let port) = detail { port } else { nil }
    }
}

extension Endpoint: CustomStringConvertible {
    /// `10.0.0.1:53`, `[fd00::1]:53`, or the address alone.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what ``description`` says as UTF-8.
    public func write(to output: inout [UInt8]) {
        guard case .port(let port) = detail else {
            address.write(to: &output)
            return
        }
        if address.family == .ipv6 { output.append(UInt8(ascii: "[")) }
        address.write(to: &output)
        if address.family == .ipv6 { output.append(UInt8(ascii: "]")) }
        output.append(UInt8(ascii: ":"))
        output.appendDecimal(UInt64(port))
    }
}
