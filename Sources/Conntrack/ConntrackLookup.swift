internal import CLinux
public import KernelState
internal import Netlink

/// Asks the kernel for single entries by their tuple: a hash lookup each, whatever the table's size.
public struct ConntrackLookup: ~Copyable {
    private var socket: NetlinkSocket
    private var decoder = FlowDecoder()

    /// Opens a socket in the calling thread's namespace.
    public init() throws(KernelStateError) {
        socket = try NetlinkSocket(protocol: NETLINK_NETFILTER)
    }

    /// The entry as it is now, nil when it is gone. An entry of the same tuples that was made since has another id.
    public mutating func entry(like flow: Flow) throws(KernelStateError) -> Flow? {
        try Self.entry(like: flow, on: &socket, decoder: &decoder)
    }

    /// The same on a socket that asks for other things too.
    ///
    /// The kernel holds a reference to the entry while it tells it, and counts it in `CTA_USE`; a dump holds none. Here it is taken off.
    static func entry(
        like flow: Flow, on socket: inout NetlinkSocket, decoder: inout FlowDecoder
    ) throws(KernelStateError) -> Flow? {
        var found: Flow?
        let request = try ConntrackRequests.lookup(flow)
        let exists = try socket.ask(request, operation: "looking up a conntrack entry") { message in
            found = decoder.decode(message.payload)
        }
        guard exists, var entry = found else { return nil }
        if entry.use > 1 { entry.use -= 1 }
        return entry
    }
}
