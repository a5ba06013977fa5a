internal import CLinux
internal import CNetlink
internal import Glibc
public import KernelState

/// A netlink request under construction, on libnl's message buffer.
public struct NetlinkRequest: ~Copyable {
    private let message: OpaquePointer

    /// `struct genlmsghdr`, before the attributes of every message of generic netlink.
    public static let genericHeaderSize = 4

    /// Starts a request of nfnetlink.
    ///
    /// - Parameters:
    ///   - type: subsystem in the high byte, message in the low (`NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET`).
    ///   - flags: `NLM_F_*`; `NLM_F_REQUEST` is added.
    ///   - family: `AF_INET`, `AF_INET6`, or `AF_UNSPEC` (0) for both.
    public init(netfilterType type: UInt16, flags: UInt16, family: UInt8) throws(KernelStateError) {
        // struct nfgenmsg: family, version (NFNETLINK_V0), resource id.
        try self.init(type: type, flags: flags, header: [family, 0, 0, 0])
    }

    /// Starts a request with a generic netlink header.
    public init(genericFamily family: UInt16, command: UInt8, version: UInt8, flags: UInt16) throws(KernelStateError) {
        try self.init(type: family, flags: flags, header: [command, version, 0, 0])
    }

    /// Starts a request of any protocol.
    ///
    /// - Parameters:
    ///   - type: `nlmsg_type`.
    ///   - flags: `NLM_F_*`; `NLM_F_REQUEST` is added.
    ///   - header: the structure that the protocol puts before the attributes, as it lies in memory.
    public init(type: UInt16, flags: UInt16, header: [UInt8]) throws(KernelStateError) {
        guard let message = nlmsg_alloc(), nlmsg_put(message, 0, 0, Int32(type), 0, Int32(flags) | NLM_F_REQUEST) != nil else {
            throw KernelStateError(operation: "building a netlink request", errno: ENOMEM)
        }
        self.message = message
        _ = header.withUnsafeBytes { nlmsg_append(message, UnsafeMutableRawPointer(mutating: $0.baseAddress!), $0.count, 4) }
    }

    deinit { nlmsg_free(message) }

    public mutating func put(_ type: Int, _ value: UInt8) { nla_put_u8(message, Int32(type), value) }
    public mutating func put(_ type: Int, hostEndian value: UInt16) { nla_put_u16(message, Int32(type), value) }
    public mutating func put(_ type: Int, hostEndian value: UInt32) { nla_put_u32(message, Int32(type), value) }
    public mutating func put(_ type: Int, bigEndian value: UInt16) { nla_put_u16(message, Int32(type), value.bigEndian) }
    public mutating func put(_ type: Int, bigEndian value: UInt32) { nla_put_u32(message, Int32(type), value.bigEndian) }
    public mutating func put(_ type: Int, bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { nla_put(message, Int32(type), Int32($0.count), $0.baseAddress) }
    }

    /// An attribute that holds those which `body` puts. It carries `NLA_F_NESTED`, which `CTA_FILTER` insists on.
    public mutating func nest(_ type: Int, _ body: (inout NetlinkRequest) -> Void) {
        let start = nla_nest_start(message, Int32(type) | NLA_F_NESTED)
        body(&self)
        nla_nest_end(message, start)
    }

    func withBytes<Value>(sequence: UInt32, port: UInt32, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let header = nlmsg_hdr(message)!
        header.pointee.nlmsg_seq = sequence
        header.pointee.nlmsg_pid = port
        return body(UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len)))
    }
}
