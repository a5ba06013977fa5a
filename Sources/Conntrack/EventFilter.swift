internal import CLinux
internal import KernelState

/// A classic BPF program for the event socket: it lets through only entries with one of a few ports, so that other traffic
/// neither wakes the reader nor fills its buffer.
///
/// It looks at all four ports of an entry (both tuples' source and destination): a superset of what `--port` means, since a
/// small program that never refuses too much is worth more than an exact one. Entries without ports do not pass.
enum EventFilter {
    /// Where the attributes begin: `struct nlmsghdr` and `struct nfgenmsg`.
    private static let attributesOffset: UInt32 = 20
    /// More ports than this are filtered after reception; jumps of BPF reach 255 instructions.
    static let maximumPorts = 16

    /// The program for `ports`, nil when there are none or too many.
    static func program(ports: [UInt16]) -> [sock_filter]? {
        guard !ports.isEmpty, ports.count <= maximumPorts else { return nil }
        var program: [sock_filter] = []
        for tuple in [CTA_TUPLE_ORIG, CTA_TUPLE_REPLY] {
            for port in [CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT] {
                program += loadPort(port, of: tuple, comparisons: ports.count)
                for wanted in ports { program += acceptIfEqual(wanted) }
            }
        }
        // None of the four is wanted, or there.
        program.append(statement(BPF_RET | BPF_K, 0))
        return program
    }

    /// Leaves the port in A, or goes on after the comparisons when the entry has no such attribute.
    private static func loadPort(_ port: ctattr_l4proto, of tuple: ctattr_type, comparisons: Int) -> [sock_filter] {
        [
            statement(BPF_LD | BPF_IMM, attributesOffset),
            statement(BPF_LDX | BPF_IMM, tuple.rawValue),
            statement(BPF_LD | BPF_B | BPF_ABS, extensionOffset(SKF_AD_NLATTR)),
            // The found attribute's offset goes to A; 0 says that there is none, and nesting into 0 finds none either.
            statement(BPF_LDX | BPF_IMM, CTA_TUPLE_PROTO.rawValue),
            statement(BPF_LD | BPF_B | BPF_ABS, extensionOffset(SKF_AD_NLATTR_NEST)),
            statement(BPF_LDX | BPF_IMM, port.rawValue),
            statement(BPF_LD | BPF_B | BPF_ABS, extensionOffset(SKF_AD_NLATTR_NEST)),
            sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: UInt8(2 + 2 * comparisons), jf: 0, k: 0),
            statement(BPF_MISC | BPF_TAX, 0),
            // The payload stands four bytes behind its header, in network byte order, as BPF_H loads it.
            statement(BPF_LD | BPF_H | BPF_IND, 4),
        ]
    }

    private static func acceptIfEqual(_ port: UInt16) -> [sock_filter] {
        [
            sock_filter(code: UInt16(BPF_JMP | BPF_JEQ | BPF_K), jt: 0, jf: 1, k: UInt32(port)),
            statement(BPF_RET | BPF_K, UInt32.max),
        ]
    }

    private static func statement(_ code: Int32, _ value: UInt32) -> sock_filter {
        sock_filter(code: UInt16(code), jt: 0, jf: 0, k: value)
    }

    private static func extensionOffset(_ number: Int32) -> UInt32 {
        UInt32(bitPattern: SKF_AD_OFF + number)
    }
}
