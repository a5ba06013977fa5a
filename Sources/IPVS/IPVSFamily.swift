internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// The generic netlink family `IPVS`: one request of its at a time. Each needs CAP_NET_ADMIN in the initial user namespace, and a
/// family of 3.10 knows all those that are sent here.
final class IPVSFamily {
    private var socket: NetlinkSocket
    private let number: UInt16
    private static let version: UInt8 = 1

    /// Opens a socket in the calling thread's namespace.
    ///
    /// - Throws: an error with the remedy when ip_vs is not loaded: looking the family up would load it.
    init() throws(KernelStateError) {
        _ = try IPVSAvailability.openServices()
        var socket = try NetlinkSocket(protocol: NETLINK_GENERIC)
        number = try socket.genericFamily(named: "IPVS")
        self.socket = socket
    }

    /// Asks for a single object and hands its attributes to `body`.
    func ask(_ command: Int, operation: String, _ body: (RawSpan) -> Void) throws(KernelStateError) {
        let request = try NetlinkRequest(genericFamily: number, command: UInt8(command), version: Self.version, flags: 0)
        _ = try socket.ask(request, operation: operation) { message in
            body(message.payload.dropping(NetlinkRequest.genericHeaderSize))
        }
    }

    /// Hands each object of a dump to `body`: what the nested attribute of type `object` holds.
    ///
    /// - Parameter service: whose destinations are wanted.
    /// - Returns: how many datagrams they came in. Those of a single one were read under the kernel's lock, all at one moment.
    func dump(
        _ command: Int, of service: ServiceIdentity? = nil, object: Int, operation: String, _ body: (RawSpan) -> Void
    ) throws(KernelStateError) -> Int {
        var request = try NetlinkRequest(
            genericFamily: number, command: UInt8(command), version: Self.version, flags: UInt16(NLM_F_DUMP))
        if let service { request.put(service) }
        var dump = try socket.dump(request, operation: operation)
        var datagrams = 0
        while true {
            var holdsObject = false
            let progress = try dump.next(on: socket) { message in
                var attributes = AttributeCursor(message.payload.dropping(NetlinkRequest.genericHeaderSize))
                while let attribute = attributes.next() {
                    guard Int(attribute.type) == object else { continue }
                    holdsObject = true
                    body(attribute.payload)
                }
            }
            if holdsObject { datagrams += 1 }
            if progress != .more { return datagrams }
        }
    }
}

extension NetlinkRequest {
    /// Names a service as the kernel looks it up: by family and mark, or by family, protocol, address (16 bytes of either
    /// family) and port.
    fileprivate mutating func put(_ service: ServiceIdentity) {
        nest(Int(IPVS_CMD_ATTR_SERVICE)) { request in
            switch service {
            case .firewallMark(let mark, let family):
                request.put(Int(IPVS_SVC_ATTR_AF), hostEndian: UInt16(family.rawValue))
                request.put(Int(IPVS_SVC_ATTR_FWMARK), hostEndian: mark)
            case .address(let transport, let endpoint):
                let bytes = endpoint.address.networkBytes
                request.put(Int(IPVS_SVC_ATTR_AF), hostEndian: UInt16(endpoint.address.family.rawValue))
                request.put(Int(IPVS_SVC_ATTR_PROTOCOL), hostEndian: UInt16(transport.rawValue))
                request.put(Int(IPVS_SVC_ATTR_ADDR), bytes: bytes + [UInt8](repeating: 0, count: 16 - bytes.count))
                request.put(Int(IPVS_SVC_ATTR_PORT), bigEndian: endpoint.port ?? 0)
            }
        }
    }
}
