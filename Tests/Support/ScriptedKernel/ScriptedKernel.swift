internal import Glibc

/// Takes the kernel's place behind a netlink socket that is open: what it says is received by the code that receives from the
/// kernel, in the order in which it was said. A Unix socket has no sender's port, as the kernel has none.
public struct ScriptedKernel: ~Copyable {
    private let descriptor: Int32

    /// Puts one end of a pair of sockets in the place of `victim`, whose number stays.
    public init(behind victim: Int32) {
        var pair: [Int32] = [0, 0]
        precondition(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair) == 0 && dup2(pair[0], victim) == victim)
        close(pair[0])
        descriptor = pair[1]
    }

    deinit { close(descriptor) }

    /// Sends one datagram. At most ten fit before they are received.
    public func say(_ bytes: [UInt8]) {
        precondition(send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT)) == bytes.count)
    }

    /// One netlink message, with its true length where no other is given.
    public static func message(
        _ type: UInt16, flags: UInt16 = 2, sequence: UInt32, port: UInt32, payload: [UInt8] = [], length: UInt32? = nil
    ) -> [UInt8] {
        let head = [length ?? UInt32(16 + payload.count), UInt32(type) | UInt32(flags) << 16, sequence, port]
        return head.flatMap { word in withUnsafeBytes(of: word) { Array($0) } } + payload
    }
}
