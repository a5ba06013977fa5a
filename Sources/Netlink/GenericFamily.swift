internal import CLinux
public import KernelState

extension NetlinkSocket {
    /// The number that the kernel gave a generic netlink family, on a socket of `NETLINK_GENERIC`.
    ///
    /// Asking for a family that is not there loads its module, where there is one: look for it elsewhere first.
    ///
    /// - Throws: `ENOENT` when there is no such family.
    public mutating func genericFamily(named name: String) throws(KernelStateError) -> UInt16 {
        let operation = "looking up the netlink family \(name)"
        var request = try NetlinkRequest(genericFamily: UInt16(GENL_ID_CTRL), command: UInt8(CTRL_CMD_GETFAMILY), version: 1, flags: 0)
        request.put(Int(CTRL_ATTR_FAMILY_NAME), bytes: Array(name.utf8) + [0])
        var number: UInt16?
        _ = try ask(request, operation: operation) { message in
            var attributes = AttributeCursor(message.payload.dropping(NetlinkRequest.genericHeaderSize))
            while let attribute = attributes.next() {
                if Int(attribute.type) == Int(CTRL_ATTR_FAMILY_ID) { number = attribute.payload.hostEndianUInt16() }
            }
        }
        guard let number else { throw KernelStateError(operation: operation, errno: ENOENT) }
        return number
    }
}
