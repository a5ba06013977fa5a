import KernelState
import Testing

@testable import Imports

/// Lines that conntrack 1.4.7 and Linux 6.18 have printed of one table, made by Tests/Lab/protocols.sh.
@Suite struct FlowTextTests {
    private let client = IPAddress("10.9.1.2")!
    private let service = IPAddress("10.96.0.9")!
    private let server = IPAddress("10.9.2.2")!

    private func expected() -> Flow {
        var flow = Flow(
            original: Tuple(source: client, destination: service, transport: .tcp, detail: .ports(source: 34830, destination: 21)),
            reply: Tuple(source: server, destination: client, transport: .tcp, detail: .ports(source: 21, destination: 34830)))
        flow.state = .tcp(.established)
        flow.status = [.seenReply, .assured]
        flow.timeout = 431_997
        return flow
    }

    private func decorated() -> Flow {
        var flow = expected()
        flow.mark = 16384
        flow.use = 1
        flow.helper = HelperName(high: 0x6674_7000_0000_0000, low: 0)
        var counters = FlowCounters()
        (counters.originalPackets, counters.originalBytes, counters.replyPackets, counters.replyBytes) = (2, 112, 1, 60)
        flow.counters = counters
        flow.start = 1_795_533_516_000_000_000
        return flow
    }

    /// From Linux 6.18 on the kernel tracks DCCP by addresses alone.
    @Test func aProtocolThatTheKernelDoesNotKnowHasNoPorts() throws {
        let rest = " 33 994 src=10.1.0.3 dst=10.96.0.10 [UNREPLIED] src=10.96.0.10 dst=10.1.0.3 mark=0 zone=0 use=2"
        let entry = try #require(flow("ipv4     2 unknown \(rest)"))
        #expect(entry.original.transport == .dccp)
        #expect(entry.original.detail == .none)
        #expect(flow("ipv4     2 dccp    \(rest)") == nil)
    }

    @Test func defaultAndExtended() {
        let line = """
            tcp      6 431997 ESTABLISHED src=10.9.1.2 dst=10.96.0.9 sport=34830 dport=21 packets=2 bytes=112 src=10.9.2.2 dst=10.9.1.2 \
            sport=21 dport=34830 packets=1 bytes=60 [ASSURED] mark=16384 delta-time=3 helper=ftp use=1
            """
        #expect(flow(line) == decorated())
        #expect(flow("ipv4     2 " + line) == decorated())
    }

    @Test func identifierAndStartAfterwards() {
        var flow = decorated()
        flow.id = 2_873_047_016
        let line = """
            ipv4     2 tcp      6 431997 ESTABLISHED src=10.9.1.2 dst=10.96.0.9 sport=34830 dport=21 packets=2 bytes=112 src=10.9.2.2 \
            dst=10.9.1.2 sport=21 dport=34830 packets=1 bytes=60 [ASSURED] mark=16384 delta-time=3 [start=Tue Nov 24 15:18:36 2026] \
            helper=ftp use=1 id=2873047016
            """
        #expect(ImportsTests.flow(line) == flow)
    }

    @Test func save() {
        let line = """
            -A -t 431997 -u SEEN_REPLY,ASSURED -s 10.9.1.2 -d 10.96.0.9 -g 10.9.2.2 -q 10.9.1.2 -p tcp --sport 34830 --dport 21 \
            --reply-port-src 21 --reply-port-dst 34830 --state ESTABLISHED
            """
        #expect(saved(line) == expected())
    }

    @Test func saveOfATranslatedClientAndOfICMP() {
        let lite = saved(
            """
            -A -t 597 -u SEEN_REPLY,ASSURED -s 10.9.1.2 -d 10.96.0.9 -g 10.9.2.2 -n 10.9.2.1 -p udplite --sport 55711 --dport 9000 \
            --reply-port-src 9000 --reply-port-dst 55711
            """)
        #expect(lite?.reply.destination == IPAddress("10.9.2.1"))
        #expect(lite?.transport == .udplite)
        let ping = saved(
            """
            -A -t 597 -u SEEN_REPLY --orig-zone 7 -s 10.9.1.2 -d 10.96.0.9 -g 10.9.2.2 -q 10.9.1.2 -p icmp --icmp-type 8 --icmp-code 0 \
            --icmp-id 15699
            """)
        #expect(ping?.original.detail == .icmp(type: 8, code: 0, id: 15699))
        #expect(ping?.reply.detail == .icmp(type: 0, code: 0, id: 15699))
        #expect(ping?.original.zone == 7)
        let unset = saved(
            "-A -t 599 -u UNSET -s fd00::2 -d fd00::9 -g fd00::3 -q fd00::2 -p gre --srckey 0 --dstkey 5 --reply-key-src 5 --reply-key-dst 0")
        #expect(unset?.status == [])
        #expect(unset?.original.detail == .ports(source: 0, destination: 5))
    }

    @Test func xml() {
        var flow = decorated()
        flow.id = 2_873_047_016
        flow.start = 1_795_533_516_973_093_901
        let line = """
            <flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.9.1.2</src><dst>10.96.0.9</dst></layer3>\
            <layer4 protonum="6" protoname="tcp"><sport>34830</sport><dport>21</dport></layer4><counters><packets>2</packets>\
            <bytes>112</bytes></counters></meta><meta direction="reply"><layer3 protonum="2" protoname="ipv4"><src>10.9.2.2</src>\
            <dst>10.9.1.2</dst></layer3><layer4 protonum="6" protoname="tcp"><sport>21</sport><dport>34830</dport></layer4><counters>\
            <packets>1</packets><bytes>60</bytes></counters></meta><meta direction="independent"><state>ESTABLISHED</state>\
            <timeout>431997</timeout><mark>16384</mark><use>1</use><id>2873047016</id><assured/><timestamp>\
            <start>1795533516973093901</start></timestamp><deltatime>3</deltatime></meta><helper>ftp</helper></flow>
            """
        #expect(entryOfXML(line) == flow)
        for length in [0, 10, 200, 400, line.utf8.count - 1] { #expect(entryOfXML(String(line.prefix(length))) == nil) }
        #expect(entryOfXML(line.replacing("<timeout>431997", with: "<timeout>soon")) == nil)
    }

    @Test func xmlNamesAStateOfSCTPByTheNumbersNameInTCP() {
        let line = """
            <flow><meta direction="original"><layer3 protonum="10" protoname="ipv6"><src>fd00:9:1::2</src><dst>fd00:96::9</dst></layer3>\
            <layer4 protonum="132" protoname="sctp"><sport>40000</sport><dport>9001</dport></layer4></meta><meta direction="reply">\
            <layer3 protonum="10" protoname="ipv6"><src>fd00:9:2::2</src><dst>fd00:9:1::2</dst></layer3><layer4 protonum="132" \
            protoname="sctp"><sport>9001</sport><dport>40000</dport></layer4></meta><meta direction="independent"><state>SYN_SENT</state>\
            <timeout>599</timeout><use>1</use><unreplied/></meta></flow>
            """
        #expect(entryOfXML(line)?.state == .sctp(.closed))
        #expect(entryOfXML(line)?.isUnreplied == true)
    }

    @Test func procWithItsOwnWords() {
        let gre = flow(
            """
            ipv6     10 gre      47 599 timeout=600, stream_timeout=180 src=fd00:0009:0001:0000:0000:0000:0000:0002 \
            dst=fd00:0096:0000:0000:0000:0000:0000:0009 srckey=0x0 dstkey=0x1f packets=1 bytes=64 [UNREPLIED] \
            src=fd00:0009:0002:0000:0000:0000:0000:0002 dst=fd00:0009:0001:0000:0000:0000:0000:0002 srckey=0x1f dstkey=0x0 packets=0 \
            bytes=0 mark=16384 zone=3 delta-time=0 use=2
            """)
        #expect(gre?.original.destination == IPAddress("fd00:96::9"))
        #expect(gre?.original.detail == .ports(source: 0, destination: 0x1f))
        #expect(gre?.zone == 3)
        #expect(gre?.status == [])
        #expect(gre?.timeout == 599)
    }

    @Test func icmpHasItsIdentifierBeforeTheEntrys() {
        let ping = flow(
            """
            icmp     1 597 src=10.9.1.2 dst=10.96.0.9 type=8 code=0 id=15699 zone-orig=7 packets=1 bytes=84 src=10.9.2.2 dst=10.9.1.2 \
            type=0 code=0 id=15699 packets=1 bytes=84 mark=16384 delta-time=3 use=1 id=1880992592
            """)
        #expect(ping?.original.detail == .icmp(type: 8, code: 0, id: 15699))
        #expect(ping?.reply.detail == .icmp(type: 0, code: 0, id: 15699))
        #expect(ping?.id == 1_880_992_592)
        #expect(ping?.original.zone == 7)
        #expect(ping?.reply.zone == nil)
    }

    @Test func unknownProtocolAndOffloaded() {
        let mobile = flow("ipv4     2 unknown  4 598 src=10.244.0.1 dst=10.244.0.5 [UNREPLIED] src=10.244.0.5 dst=10.244.0.1 mark=0 use=1")
        #expect(mobile?.transport == TransportProtocol(rawValue: 4))
        #expect(mobile?.original.detail == TupleDetail.none)
        let fast = flow("tcp 6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [OFFLOAD] mark=0 secctx=a:b use=3")
        #expect(fast?.timeout == nil)
        #expect(fast?.status == [.seenReply, .offload])
        let hardware = flow("tcp 6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [HW_OFFLOAD] use=3")
        #expect(hardware?.status == [.seenReply, .offload, .hardwareOffload])
    }

    @Test func everyStateByItsName() {
        func parsed(_ transport: TransportProtocol, _ state: FlowState) -> FlowState? {
            let ends = "sport=1 dport=2"
            return flow(
                "\(transport.name) \(transport.rawValue) 9 \(state.name) src=1.1.1.1 dst=2.2.2.2 \(ends) src=2.2.2.2 dst=1.1.1.1 \(ends) use=1")?
                .state
        }
        for state in TCPState.allCases { #expect(parsed(.tcp, .tcp(state)) == .tcp(state)) }
        for state in SCTPState.allCases { #expect(parsed(.sctp, .sctp(state)) == .sctp(state)) }
        for state in DCCPState.allCases { #expect(parsed(.dccp, .dccp(state)) == .dccp(state)) }
    }

    @Test(arguments: [
        "", "tcp", "tcp 6", "tcp 6 431999", "tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
        "tcp 6 117 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2",
        "tcp 6 117 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=70000 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1",
        "tcp 6 117 SYN_SAND src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1",
        "tcp 6 117 SYN_SENT src=10.0.0.256 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1",
        "tcp 6 117 SYN_SENT src=10.0.0.1 dst=fd00::1 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 use=1",
        "tcp 6 117 SYN_SENT src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 src=2.2.2.2 use=1",
        "-A -t 117", "<flow></flow>", "    [NEW] tcp      6 120 SYN_SENT src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED]",
    ])
    func whatIsNoEntryIsNone(_ line: String) {
        #expect(flow(line) == nil)
        #expect(saved(line) == nil)
        #expect(entryOfXML(line) == nil)
    }

    private func saved(_ line: String) -> Flow? {
        parse(line) {
            var parser = FlowSaveParser($0)
            return parser.flow()
        }
    }

    private func entryOfXML(_ line: String) -> Flow? {
        parse(line) {
            var parser = FlowXMLParser($0)
            return parser.entry()
        }
    }
}
