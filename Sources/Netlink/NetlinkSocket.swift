internal import CLinux
internal import CNetlink
internal import Glibc
public import KernelState

/// A netlink socket of one protocol, made in the calling thread's network namespace, where it stays. libnl makes it; what it
/// receives goes into one buffer of ours, read in place.
public struct NetlinkSocket: ~Copyable {
    let handle: OpaquePointer
    private let buffer: UnsafeMutableRawBufferPointer
    private var lastSequence: UInt32

    /// The largest message that the kernel fills in a dump is 32 KiB (`netlink_dump`, Linux 4.9 and later); more gains nothing.
    static let bufferSize = 65_536

    /// Opens a socket of `protocol`: `NETLINK_ROUTE` (0), `NETLINK_NETFILTER` (12) or `NETLINK_GENERIC` (16).
    ///
    /// - Throws: the errno of socket(2) or bind(2), as libnl reports it.
    public init(protocol netlinkProtocol: Int32) throws(KernelStateError) {
        guard let handle = nl_socket_alloc() else {
            throw KernelStateError(operation: "opening a netlink socket", errno: ENOMEM)
        }
        let status = nl_connect(handle, netlinkProtocol)
        guard status >= 0 else {
            nl_socket_free(handle)
            throw KernelStateError(
                operation: "opening a netlink socket of protocol \(netlinkProtocol)", cause: String(cString: nl_geterror(status)),
                code: -status)
        }
        self.handle = handle
        self.buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
        self.lastSequence = 1
    }

    deinit {
        nl_socket_free(handle)
        buffer.deallocate()
    }

    /// The file descriptor, for poll(2).
    public var descriptor: Int32 { nl_socket_get_fd(handle) }

    /// `nlmsg_pid` of what the kernel sends to this socket.
    public var port: UInt32 { nl_socket_get_local_port(handle) }

    /// Joins a multicast group (`NFNLGRP_*`), whose events then arrive with sequence 0.
    public func join(group: Int32) throws(KernelStateError) {
        let status = nl_socket_add_membership(handle, group)
        guard status >= 0 else {
            throw KernelStateError(
                operation: "listening to netlink group \(group)", cause: String(cString: nl_geterror(status)),
                remedy: "run as root or with CAP_NET_ADMIN", code: -status)
        }
    }

    /// Sends a finished request and gives its sequence number.
    public mutating func send(_ request: borrowing NetlinkRequest) throws(KernelStateError) -> UInt32 {
        lastSequence &+= 1
        let sequence = lastSequence
        let result = request.withBytes(sequence: sequence, port: port) { bytes in
            systemCall { Glibc.send(descriptor, bytes.baseAddress, bytes.count, 0) }
        }
        guard result >= 0 else { throw KernelStateError(operation: "asking the kernel", errno: Int32(-result)) }
        return sequence
    }

    /// Receives one datagram of the kernel's and hands its bytes to `body`.
    ///
    /// A datagram of another sender than the kernel (`nl_pid` not 0) is dropped and the next awaited: any process may send to
    /// a netlink socket.
    ///
    /// - Throws: errno, `ENOBUFS` among them when events were lost, and `EMSGSIZE` when the buffer was too small.
    @inline(__always)
    public func receive<Value>(waiting: Bool = true, _ body: (RawSpan) -> Value) throws(KernelStateError) -> Value? {
        var sender = sockaddr_nl()
        while true {
            let result = receiveOnce(into: buffer, sender: &sender, flags: waiting ? 0 : Int32(MSG_DONTWAIT))
            if result == -Int(EAGAIN) { return nil }
            guard result >= 0 else { throw KernelStateError(operation: "receiving from the kernel", errno: Int32(-result)) }
            if sender.nl_pid != 0 { continue }
            guard result <= buffer.count else { throw KernelStateError(operation: "receiving from the kernel", errno: EMSGSIZE) }
            return body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<result])))
        }
    }

    private func receiveOnce(into buffer: UnsafeMutableRawBufferPointer, sender: inout sockaddr_nl, flags: Int32) -> Int {
        let descriptor = descriptor
        return withUnsafeMutablePointer(to: &sender) { sender in
            systemCall {
                var length = socklen_t(MemoryLayout<sockaddr_nl>.size)
                // MSG_TRUNC asks for the datagram's real length, so that a cut one is noticed.
                return recvfrom(
                    descriptor, buffer.baseAddress, buffer.count, flags | Int32(MSG_TRUNC),
                    UnsafeMutableRawPointer(sender).assumingMemoryBound(to: sockaddr.self), &length)
            }
        }
    }
}
