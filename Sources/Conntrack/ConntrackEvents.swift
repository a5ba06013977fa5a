internal import CLinux
internal import CNetlink
internal import Glibc
public import KernelState
internal import Netlink

/// A socket that receives conntrack events of one namespace as they happen.
///
/// Entries that are older than the first listener send no events while `net.netfilter.nf_conntrack_events` is 2, the default
/// since Linux 5.19; with 0 none send any.
public struct ConntrackEvents: ~Copyable {
    private let socket: NetlinkSocket
    private var decoder = FlowDecoder()
    private var dropsSeen: UInt32 = 0
    /// True once the kernel told of a loss that ``drops()`` has not been asked for since.
    private var overflowed = false
    /// True when drops were counted before the kernel told of the loss, between a reading and the count: what it then tells is not new.
    private var isCountedAhead = false

    /// Room for events that wait. An event takes about 1.3 KiB of it, so that this is a burst of 50,000 while nobody reads.
    static let receiveBufferSize: Int32 = 64 << 20

    /// Opens the socket in the calling thread's namespace.
    ///
    /// - Parameter ports: where given, a socket filter in the kernel drops the events of entries without any of these ports.
    /// - Throws: `EPERM` without CAP_NET_ADMIN.
    public init(ports: [UInt16]) throws(KernelStateError) {
        let socket = try NetlinkSocket(protocol: NETLINK_NETFILTER)
        try Self.attach(EventFilter.program(ports: ports), to: socket.descriptor)
        Self.enlargeBuffer(of: socket.descriptor)
        for group in [NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY] {
            try socket.join(group: Int32(group.rawValue))
        }
        self.socket = socket
    }

    public var descriptor: Int32 { socket.descriptor }

    /// Receives what has come, at most `limit` events, without waiting. A lost event is no error here: see ``drops()``.
    ///
    /// - Returns: how many events came.
    public mutating func receive(
        limit: Int, _ body: (FlowEventKind, borrowing Flow) -> Void
    ) throws(KernelStateError) -> Int {
        var received = 0
        var decoder = self.decoder
        defer { self.decoder = decoder }
        while received < limit {
            do throws(KernelStateError) {
                let progress: Void? = try socket.receive(waiting: false) { bytes in
                    Self.read(bytes, with: &decoder, body)
                }
                if progress == nil { return received }
                received += 1
            } catch  where error.code == ENOBUFS {
                overflowed = true
            }
        }
        return received
    }

    /// Events that the kernel dropped since this was last asked, because the buffer was full (`SO_MEMINFO`, Linux 4.12). One at the least
    /// where it told of a loss (ENOBUFS) that it has not counted: on an older kernel, or when it had no memory for the message.
    public mutating func drops() -> UInt64 {
        let overflowed = self.overflowed
        self.overflowed = false
        var total = dropsSeen
        _ = kst_socket_drops(socket.descriptor, &total)
        let fresh = total &- dropsSeen
        dropsSeen = total
        if fresh > 0 {
            isCountedAhead = !overflowed
            return UInt64(fresh)
        }
        guard overflowed else { return 0 }
        defer { isCountedAhead = false }
        return isCountedAhead ? 0 : 1
    }

    private static func read(_ bytes: RawSpan, with decoder: inout FlowDecoder, _ body: (FlowEventKind, borrowing Flow) -> Void) {
        var messages = MessageCursor(bytes)
        while let message = messages.next() {
            let kind: FlowEventKind
            switch message.type {
            case ConntrackRequests.type(IPCTNL_MSG_CT_NEW):
                kind = Int32(message.flags) & NLM_F_CREATE != 0 ? .new : .update
            case ConntrackRequests.type(IPCTNL_MSG_CT_DELETE): kind = .destroy
            default: continue
            }
            if let flow = decoder.decode(message.payload) { body(kind, flow) }
        }
    }

    /// Lets the socket receive what the program lets through; all where there is none.
    static func attach(_ program: [sock_filter]?, to descriptor: Int32) throws(KernelStateError) {
        guard var program else { return }
        let count = UInt16(program.count)
        let status = program.withUnsafeMutableBufferPointer { buffer in
            var filter = sock_fprog(len: count, filter: buffer.baseAddress)
            return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, socklen_t(MemoryLayout<sock_fprog>.size))
        }
        guard status == 0 else { throw KernelStateError(operation: "filtering conntrack events by port", errno: kst_errno()) }
    }

    /// `SO_RCVBUFFORCE` goes beyond net.core.rmem_max with CAP_NET_ADMIN; without, what the limit allows must do.
    private static func enlargeBuffer(of descriptor: Int32) {
        var size = receiveBufferSize
        let length = socklen_t(MemoryLayout<Int32>.size)
        if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, length) != 0 {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
        }
    }
}
