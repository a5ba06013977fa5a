public import KernelState

/// Parses /proc/net/ip_vs, which needs no privileges.
///
///     TCP  0AE90003:23C1 rr persistent 30000 FFFFFFFF
///       -> 0AE94701:23C1      Masq    1      4          0
///
/// Its persistence is in ticks, whose length no file tells, and is left out here; that there is one stands in the flags.
public enum ServiceTableParser {
    /// The services, with what could be read of them; lines of an unknown form are passed over.
    public static func services(in bytes: [UInt8]) -> [VirtualService] {
        var services: [VirtualService] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            if words.first == "->" {
                guard let backend = backend(words), !services.isEmpty else { continue }
                services[services.count - 1].backends.append(backend)
            } else if let service = service(words) {
                services.append(service)
            }
        }
        return services
    }

    private static func service(_ words: [String]) -> VirtualService? {
        guard words.count >= 3 else { return nil }
        let identity: ServiceIdentity
        if words[0] == "FWM" {
            guard let mark = UInt32(words[1], radix: 16) else { return nil }
            identity = .firewallMark(mark, .ipv4)
        } else {
            guard ["TCP", "UDP", "SCTP"].contains(words[0]), let transport = TransportProtocol(name: words[0]),
                let endpoint = endpoint(words[1])
            else { return nil }
            identity = .address(transport, endpoint)
        }
        var service = VirtualService(identity: identity, scheduler: words[2])
        if words.contains("ops") { service.flags |= VirtualService.onePacketFlag }
        if let index = words.firstIndex(of: "persistent") {
            service.flags |= VirtualService.persistentFlag
            // The kernel prints an IPv6 prefix length as if it were in network byte order, as an IPv4 mask is.
            let mask = words.count > index + 2 ? UInt32(words[index + 2], radix: 16) : nil
            service.persistenceNetmask = identity.family == .ipv4 ? mask : mask?.byteSwapped
        }
        return service
    }

    private static func backend(_ words: [String]) -> Backend? {
        guard words.count >= 6, let endpoint = endpoint(words[1]),
            let forwarding = ForwardingMethod.allCases.first(where: { $0.name == words[2] }), let weight = UInt32(words[3]),
            let active = UInt32(words[4]), let inactive = UInt32(words[5])
        else { return nil }
        var backend = Backend(endpoint: endpoint, forwarding: forwarding, weight: weight)
        backend.activeConnections = active
        backend.inactiveConnections = inactive
        return backend
    }

    /// `0AE90003:23C1`, or `[fd00:0010:…]:0035`.
    private static func endpoint(_ text: String) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...], radix: 16) else { return nil }
        let addressText = text[..<colon]
        if addressText.hasPrefix("["), addressText.hasSuffix("]") {
            return IPAddress(addressText.dropFirst().dropLast()).map { Endpoint(address: $0, port: port) }
        }
        guard addressText.utf8.count == 8, let number = UInt32(addressText, radix: 16) else { return nil }
        return Endpoint(address: IPAddress(ipv4: number), port: port)
    }
}
