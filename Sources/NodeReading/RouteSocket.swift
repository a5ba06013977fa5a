internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// Dumps of rtnetlink in the namespace where the socket was made. Anybody may ask for them.
struct RouteSocket: ~Copyable {
    /// Dumps that are begun again because the kernel said that what it dumped has changed under it.
    static let maximumPasses = 5

    private var socket: NetlinkSocket

    /// Opens a socket in the calling thread's namespace.
    init() throws(KernelStateError) {
        socket = try NetlinkSocket(protocol: NETLINK_ROUTE)
    }

    /// Hands out what the payload of each message of a dump is decoded to.
    ///
    /// - Parameters:
    ///   - type: `RTM_GET*`.
    ///   - header: the structure that this type of message begins with: all zero but for the family in its first byte.
    ///   - skippingStatistics: ask for links without their counters, which are most of what a link sends (Linux 4.4).
    /// - Throws: the kernel's error, or `EAGAIN` when every pass was interrupted.
    mutating func dump<Record>(
        _ type: Int, family: Int32, headerSize: Int, skippingStatistics: Bool = false, operation: String,
        _ decode: (RawSpan, inout [Record]) -> Void
    ) throws(KernelStateError) -> [Record] {
        for _ in 0..<Self.maximumPasses {
            var header = [UInt8](repeating: 0, count: headerSize)
            header[0] = UInt8(family)
            var request = try NetlinkRequest(type: UInt16(type), flags: UInt16(NLM_F_DUMP), header: header)
            if skippingStatistics { request.put(Int(IFLA_EXT_MASK), hostEndian: UInt32(RTEXT_FILTER_SKIP_STATS)) }
            var dump = try socket.dump(request, operation: operation)
            var records: [Record] = []
            var progress = AnswerProgress.more
            while progress == .more {
                progress = try dump.next(on: socket) { message in decode(message.payload, &records) }
            }
            if progress == .finished { return records }
        }
        throw KernelStateError(
            operation: operation, cause: "it changed under every of \(Self.maximumPasses) readings", remedy: "try again", code: EAGAIN)
    }
}
