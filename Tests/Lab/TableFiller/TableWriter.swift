import ConntrackText
import Glibc
import KernelState

/// Writes entries into the conntrack table, many a system call.
struct TableWriter {
    private let descriptor: Int32
    private var batch: [UInt8] = []
    /// Entries that the kernel refused, for want of room or because they were there.
    private(set) var refused: UInt64 = 0

    struct Failure: Error {
        let call: String
        let code: Int32
    }

    private static let netfilter: Int32 = 12  // NETLINK_NETFILTER
    private static let request: UInt16 = 0x1 | 0x400 | 0x200  // NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL

    init() throws {
        descriptor = socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), Self.netfilter)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var size: Int32 = 8 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    mutating func add(_ flow: Flow) {
        batch += FlowEncoder(flow, flags: Self.request, sequence: 1).bytes
    }

    /// Sends what was added; the kernel works it off before the call returns, and answers only what it refuses.
    mutating func send() throws {
        let sent = batch.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, 0) }
        guard sent == batch.count else { throw Failure(call: "send", code: errno) }
        batch.removeAll(keepingCapacity: true)
        var answer = [UInt8](repeating: 0, count: 8_192)
        while recv(descriptor, &answer, answer.count, Int32(MSG_DONTWAIT)) > 0 { refused += 1 }
    }
}
