import KernelState
import Testing

@testable import IPVS

/// Lines that Linux 6.1 wrote for the story's node, and a template and an overdue timer as KERNEL.md's kernels do.
private let table = """
    Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
    UDP fd00:0010:0244:0000:0000:0000:0000:0009 85CE fd00:0010:0233:0000:0000:0000:0000:0003 0035 fd00:0010:0244:0000:0000:0000:0000:0065 0035 UDP             297
    TCP 0AE94B09 AAC0 0AE90003 23C1 0AE94701 23C1 SYN_RECV         58
    TCP C0A8000A 0000 0A60000A 0051 0AF40005 1F90 ASSURED          99
    IP  C0A8000A 0000 00000007 0000 0AF40005 0000 NONE             60
    IP_47 0AE94B09 0001 0AE90003 0002 0AE94701 0003 NONE 18446744073709551613

    """

private func rows(_ text: String, portion: Int = .max) -> (rows: [IPVSConnection], undecodable: Int) {
    var parser = ConnectionTableParser()
    var rows: [IPVSConnection] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: min(portion, max(1, bytes.count))) {
        bytes[start..<min(bytes.count, start &+ min(portion, bytes.count))].withUnsafeBytes { parser.parse($0) { rows.append($0) } }
    }
    parser.finish { rows.append($0) }
    return (rows, parser.undecodable)
}

@Suite struct ConnectionTableParserTests {
    @Test func `each kind of line`() throws {
        let (rows, undecodable) = rows(table)
        #expect(undecodable == 0)
        try #require(rows.count == 5)
        #expect(rows[0].client.description == "[fd00:10:244::9]:34254")
        #expect(rows[0].backend.description == "[fd00:10:244::65]:53")
        #expect(rows[0].state.name == "UDP")
        #expect(rows[1].client.description == "10.233.75.9:43712")
        #expect(rows[1].service.description == "10.233.0.3:9153")
        #expect(rows[1].state == .synRecv)
        #expect(rows[1].expires == 58)
        #expect(rows[1].origin == nil)
        #expect(rows[2].isTemplate && rows[2].firewallMark == nil)
        #expect(rows[3].firewallMark == 7)
        #expect(rows[4].transport == .gre)
        #expect(rows[4].expires == 0)
    }

    @Test func `ip_vs_conn_sync tells the origin`() {
        let text = """
            Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
            TCP 0AE94B09 AAC0 0AE90003 23C1 0AE94701 23C1 SYN_RECV    LOCAL       58
            TCP 0AE94B09 AAC1 0AE90003 23C1 0AE94701 23C1 ESTABLISHED SYNC       179

            """
        #expect(rows(text).rows.map(\.origin) == [.local, .sync])
        #expect(rows(text).rows.map(\.expires) == [58, 179])
    }

    @Test func `lines may be cut by a read at any byte`() {
        let whole = rows(table).rows
        for portion in 1...120 { #expect(rows(table, portion: portion).rows == whole) }
    }

    @Test func `what cannot be read is counted, and the rest is kept`() {
        let text = table + "TCP 0AE94B09 AAC0 0AE90003\nXYZ 1 2 3\nTCP 0AE94B09 AAC0 0AE90003 23C1 0AE94701 23C1 SYN_RECV 58"
        let (rows, undecodable) = rows(text)
        #expect(rows.count == 6)  // the last without its newline
        #expect(undecodable == 2)
    }

    @Test func `any bytes are survived`() {
        for _ in 0..<5_000 {
            var bytes = Array(table.utf8)
            for _ in 0..<4 { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
            var parser = ConnectionTableParser()
            bytes.withUnsafeBytes { parser.parse($0) { _ in } }
            parser.finish { _ in }
        }
    }
}

@Suite struct ServiceTableParserTests {
    @Test func `a backend whose count fell below nothing is a backend`() throws {
        let text = """
            TCP  0AE90003:23C1 rr
              -> 0AE94701:23C1      Masq    1      4          -2
              -> 0AE94702:23C1      Masq    1      -          2
              -> 0AE94703:23C1      Masq    1      3          1

            """
        let backends = try #require(ServiceTableParser.services(in: Array(text.utf8)).first?.backends)
        #expect(backends.map(\.activeConnections) == [4, 3])
        #expect(backends.map(\.inactiveConnections) == [0, 1])
    }

    @Test func `services of both families, marks and backends`() throws {
        let text = """
            IP Virtual Server version 1.2.1 (size=4096)
            Prot LocalAddress:Port Scheduler Flags
              -> RemoteAddress:Port Forward Weight ActiveConn InActConn
            TCP  0AE90003:23C1 rr  persistent 30000 FFFFFFFF
              -> 0AE94701:23C1      Masq    1      4          0
              -> 0AE94A41:23C1      Route   0      0          7
            UDP  [fd00:0010:0233:0000:0000:0000:0000:0003]:0035 rr
              -> [fd00:0010:0244:0000:0000:0000:0000:0065]:0035      Masq    1      0          2
            FWM  00000007 wlc
              -> 0AF40005:0000      Tunnel  1      0          0
            FWM  00000009 lc persistent 10000 40000000
              -> [fd00:0010:0244:0000:0000:0000:0000:0065]:0000      Masq    1      0          2
            UDP  0A60000A:0035 rr ops
              -> nonsense

            """
        let services = ServiceTableParser.services(in: Array(text.utf8))
        try #require(services.count == 5)
        #expect(services[0].identity == .address(.tcp, Endpoint(address: IPAddress(ipv4: 0x0ae9_0003), port: 9153)))
        #expect(services[0].scheduler == "rr")
        #expect(services[0].backends.map(\.activeConnections) == [4, 0])
        #expect(services[0].backends.map(\.inactiveConnections) == [0, 7])
        #expect(services[0].backends.map(\.forwarding) == [.masquerade, .route])
        #expect(services[0].backends.map(\.weight) == [1, 0])
        #expect(services[1].backends.first?.endpoint.description == "[fd00:10:244::65]:53")
        #expect(services[2].identity == .firewallMark(7, .ipv4))
        #expect(services[2].backends.first?.forwarding == .tunnel)
        #expect(services[0].isPersistent && services[0].persistence == nil && services[0].persistenceNetmask == 0xffff_ffff)
        #expect(services[3].identity == .firewallMark(9, .ipv6) && services[3].isPersistent)
        #expect(services[4].flags == VirtualService.onePacketFlag && services[4].backends.isEmpty)
        #expect(services.allSatisfy { $0.counters == nil })
    }
}
