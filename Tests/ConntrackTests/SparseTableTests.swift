import KernelState
import Testing

@testable import Conntrack

/// Lines of /proc/net/nf_conntrack of Linux 6.18, from which entries are asked for.
struct SparseTableTests {
    private let zoned = """
        ipv4     2 icmp     1 598 src=10.9.1.2 dst=10.96.0.9 type=8 code=0 id=20287 zone-orig=7 packets=1 bytes=84 src=10.9.2.2 \
        dst=10.9.1.2 type=0 code=0 id=20287 packets=1 bytes=84 mark=16384 delta-time=1 use=2

        """
    private let keyed = """
        ipv4     2 gre      47 598 timeout=600, stream_timeout=180 src=10.9.1.2 dst=10.96.0.9 srckey=0x0 dstkey=0x88be packets=1 bytes=44 \
        [UNREPLIED] src=10.9.2.2 dst=10.9.1.2 srckey=0x88be dstkey=0x0 packets=0 bytes=0 mark=0 zone=12 use=2

        """

    private func flows(_ text: String) -> [Flow]? {
        Array(text.utf8).withUnsafeBytes { SparseTable.flows(in: $0) }
    }

    @Test func `an entry is asked for by its original tuple and its zones`() throws {
        let flows = try #require(self.flows(zoned + keyed))
        #expect(flows.count == 2)
        #expect(flows[0].original.detail == .icmp(type: 8, code: 0, id: 20287))
        #expect(flows[0].original.zone == 7 && flows[0].zone == 0)
        #expect(flows[1].original.transport == .gre && flows[1].original.detail == .ports(source: 0, destination: 0x88be))
        #expect(flows[1].zone == 12 && flows[1].original.zone == nil)
    }

    @Test func `an empty table has none`() {
        #expect(flows("") == [])
    }

    @Test func `a line that cannot be read leaves the table to a dump`() {
        #expect(flows(zoned + String(keyed.prefix(90)) + "\n") == nil)
        #expect(flows("nonsense\n") == nil)
    }
}
