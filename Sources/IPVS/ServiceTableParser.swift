public import KernelState

/// Parses /proc/net/ip_vs, which needs no privileges.
///
///     TCP  0AE90003:23C1 rr persistent 30000 FFFFFFFF
///       -> 0AE94701:23C1      Masq    1      4          0
///     FWM  00000007 wlc
///
/// Its persistence is in ticks, whose length no file tells, and is left out here; that there is one stands in the flags. Nor
/// does it tell the family of a firewall mark: that is taken from its first backend which is not reached through a tunnel.
public enum ServiceTableParser {
    /// The services, with what could be read of them; lines of an unknown form are passed over.
    public static func services(in bytes: [UInt8]) -> [VirtualService] {
        var services: [VirtualService] = []
        bytes.withUnsafeBytes { bytes in
            var start = 0
            for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
                take(UnsafeRawBufferPointer(rebasing: bytes[start..<index]), into: &services)
                start = index + 1
            }
            take(UnsafeRawBufferPointer(rebasing: bytes[start...]), into: &services)
        }
        return services
    }

    /// Adds what one line tells: a service, or a backend of the last one. False for a line of another form, as the headings are.
    @discardableResult
    public static func take(_ line: UnsafeRawBufferPointer, into services: inout [VirtualService]) -> Bool {
        var words = LineWords(line)
        guard let first = words.next() else { return false }
        if !words.matches(first, "->") {
            guard let service = service(first, &words) else { return false }
            services.append(service)
        } else {
            guard !services.isEmpty, let backend = backend(&words) else { return false }
            services[services.count - 1].takeFamily(of: backend)
            services[services.count - 1].backends.append(backend)
        }
        return true
    }

    private static func service(_ first: Range<Int>, _ words: inout LineWords) -> VirtualService? {
        guard let name = words.next() else { return nil }
        let identity: ServiceIdentity
        if words.matches(first, "FWM") {
            guard let mark = words.hexadecimal(name).flatMap(UInt32.init(exactly:)) else { return nil }
            identity = .firewallMark(mark, .ipv4)
        } else {
            guard let transport = transport(first, words), let endpoint = words.endpoint(name) else { return nil }
            identity = .address(transport, endpoint)
        }
        guard let scheduler = words.next() else { return nil }
        var service = VirtualService(identity: identity, scheduler: words.text(scheduler))
        while let word = words.next() {
            if words.matches(word, "ops") { service.flags |= VirtualService.onePacketFlag }
            if words.matches(word, "persistent") { takePersistence(&words, into: &service) }
        }
        return service
    }

    private static func transport(_ word: Range<Int>, _ words: LineWords) -> TransportProtocol? {
        if words.matches(word, "TCP") { return .tcp }
        if words.matches(word, "UDP") { return .udp }
        return words.matches(word, "SCTP") ? .sctp : nil
    }

    private static func takePersistence(_ words: inout LineWords, into service: inout VirtualService) {
        service.flags |= VirtualService.persistentFlag
        guard words.next() != nil, let word = words.next(), let mask = words.hexadecimal(word).flatMap(UInt32.init(exactly:)) else { return }
        // The kernel prints an IPv6 prefix length as if it were in network byte order, as an IPv4 mask is.
        service.persistenceNetmask = service.identity.family == .ipv4 ? mask : mask.byteSwapped
    }

    private static func backend(_ words: inout LineWords) -> Backend? {
        guard let name = words.next(), let endpoint = words.endpoint(name), let method = words.next(),
            let forwarding = ForwardingMethod.allCases.first(where: { words.matches(method, $0.word) }),
            let weight = words.number(), let active = words.count(), let inactive = words.count()
        else { return nil }
        var backend = Backend(endpoint: endpoint, forwarding: forwarding, weight: weight)
        backend.activeConnections = active
        backend.inactiveConnections = inactive
        return backend
    }
}

extension VirtualService {
    fileprivate mutating func takeFamily(of backend: Backend) {
        guard case .firewallMark(let mark, _) = identity, backends.allSatisfy({ $0.forwarding == .tunnel }), backend.forwarding != .tunnel
        else { return }
        identity = .firewallMark(mark, backend.endpoint.address.family)
    }
}

extension LineWords {
    /// The next word as a decimal number of 32 bits.
    fileprivate mutating func number() -> UInt32? {
        next().flatMap(decimal).flatMap(UInt32.init(exactly:))
    }

    /// The next word as a count of connections, which the kernel prints with a sign: one that fell below nothing, as those of some
    /// kernels do, is nothing.
    fileprivate mutating func count() -> UInt32? {
        guard let word = next() else { return nil }
        if self[word.lowerBound] == UInt8(ascii: "-") { return decimal(word.lowerBound + 1..<word.upperBound).map { _ in 0 } }
        return decimal(word).flatMap(UInt32.init(exactly:))
    }

    /// `0AE90003:23C1`, or `[fd00:0010:…]:0035`.
    fileprivate func endpoint(_ word: Range<Int>) -> Endpoint? {
        let colon = word.upperBound - 5
        guard colon > word.lowerBound, self[colon] == UInt8(ascii: ":"), let port = hexadecimal(colon + 1..<word.upperBound) else { return nil }
        let isBracketed = self[word.lowerBound] == UInt8(ascii: "[") && self[colon - 1] == UInt8(ascii: "]")
        let addressWord = isBracketed ? word.lowerBound + 1..<colon - 1 : word.lowerBound..<colon
        return address(addressWord).map { Endpoint(address: $0, port: UInt16(truncatingIfNeeded: port)) }
    }
}
