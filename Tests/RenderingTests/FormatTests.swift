import Foundation
import KernelState
import Testing

@testable import Rendering

private func endpoint(_ text: String, _ port: UInt16) -> Endpoint { Endpoint(address: IPAddress(text)!, port: port) }

private func sample() -> Connection {
    var connection = Connection(
        transport: .tcp, client: endpoint("10.233.75.9", 37332), service: endpoint("10.233.0.3", 9153), backend: endpoint("10.233.71.1", 9153))
    var flow = Flow(
        original: Tuple(
            source: connection.client.address, destination: IPAddress("10.233.0.3")!, transport: .tcp,
            detail: .ports(source: 37332, destination: 9153)),
        reply: Tuple(
            source: connection.backend.address, destination: connection.client.address, transport: .tcp,
            detail: .ports(source: 9153, destination: 37332)))
    flow.state = .tcp(.synSent)
    flow.status = [.confirmed]
    flow.timeout = 117
    flow.id = 81_822_974
    flow.use = 1
    connection.conntrack = flow
    connection.ipvs = IPVSConnection(
        transport: .tcp, client: connection.client, service: connection.service!, backend: connection.backend, state: .synRecv, expires: 58)
    return connection
}

private let header = ReportHeader(
    places: [
        Place(
            node: "node1", kernel: "6.1.176", namespace: NetworkNamespace(name: "host", inode: 4_026_531_840),
            takenAt: 1_763_940_730_123_000_000)
    ])

/// What a writer writes, through a pipe and back.
private func text(_ writer: some ConnectionWriter, _ connections: [Connection], header: ReportHeader = header) -> String {
    var writer = writer
    var sink = OutputSink(descriptor: -1)
    writer.begin(header, to: &sink)
    for connection in connections { writer.write(connection, to: &sink) }
    var coverage = TableCoverage(available: true, complete: true)
    coverage.read = 15
    coverage.matched = connections.count
    writer.end(ReportTables(conntrack: coverage, ipvs: .unavailable(KernelStateError(operation: "ip_vs", cause: "not \"loaded\""))), to: &sink)
    return String(decoding: sink.buffer, as: UTF8.self)
}

@Suite struct JSONTests {
    @Test func `what has ended over a stretch of time is marked in both tables, in JSON and in cells`() {
        var connection = sample()
        connection.ipvs?.hasEnded = true
        connection.conntrack?.status.insert(.dying)
        let json = text(JSONLinesWriter(), [connection])
        #expect(json.contains("\"ipvs\":{\"state\":\"SYN_RECV\",\"expires_s\":58,\"ended\":true}"))
        #expect(json.contains("\"flags\":[\"UNREPLIED\",\"DYING\"]"))
        let table = TableWriter(columns: [.ipvs, .conntrack], width: nil, colour: false, showsHeading: false, keepsOrder: true)
        #expect(text(table, [connection, sample()]) == "SYN_RECV ENDED  SYN_SENT UNREPLIED DYING\nSYN_RECV        SYN_SENT UNREPLIED\n")
    }

    @Test func `a connection, letter by letter`() {
        #expect(
            text(JSONLinesWriter(), [sample()]) == """
                {"protocol":"tcp","family":"ipv4","client":{"address":"10.233.75.9","port":37332},\
                "service":{"address":"10.233.0.3","port":9153},"backend":{"address":"10.233.71.1","port":9153},\
                "translated_client":null,"ipvs":{"state":"SYN_RECV","expires_s":58},\
                "conntrack":{"state":"SYN_SENT","flags":["UNREPLIED"],"timeout_s":117,"id":81822974,"mark":0,"zone":0,"use":1}}

                """)
    }

    @Test func `the document is JSON with its tables`() throws {
        let data = Data(text(JSONDocumentWriter(), [sample(), sample()]).utf8)
        let document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(document["schema"] as? String == "kstate.connections/1")
        #expect(document["taken_at"] as? String == "2025-11-23T23:32:10.123Z")
        #expect((document["connections"] as? [Any])?.count == 2)
        let tables = try #require(document["tables"] as? [String: [String: Any]])
        #expect(tables["conntrack"]?["read"] as? Int == 15)
        #expect(tables["ipvs"]?["reason"] as? String == "ip_vs: not \"loaded\"")
    }

    @Test func `of several places each record names its own`() throws {
        var places = [header.places[0], header.places[0]]
        places[1].namespace = NetworkNamespace(name: "pod", inode: 7)
        var other = sample()
        other.place = 1
        let namespaces = text(JSONDocumentWriter(), [other], header: ReportHeader(places: places))
        #expect(namespaces.contains(#""namespaces":[{"name":"host","inode":4026531840},{"name":"pod","inode":7}]"#))
        #expect(namespaces.contains(#""use":1},"namespace":{"name":"pod","inode":7}}"#))
        places[1].node = "node2"
        let nodes = text(JSONDocumentWriter(), [other], header: ReportHeader(places: places))
        #expect(nodes.contains(#""nodes":[{"node":"node1","kernel":"6.1.176","taken_at":"2025-11-23T23:32:10.123Z""#))
        #expect(nodes.contains(#""use":1},"node":"node2","namespace":{"name":"pod","inode":7}}"#))
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(nodes.utf8)) }
    }

    @Test func `no connection at all is still a document`() throws {
        let data = Data(text(JSONDocumentWriter(), []).utf8)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: data) }
    }

    @Test func `optional fields are there when the kernel sends them, and control characters are escaped`() throws {
        var connection = sample()
        connection.conntrack?.counters = FlowCounters()
        connection.conntrack?.start = 1_000_000_001
        connection.conntrack?.helper = HelperName(high: 0x661b_7000_0000_0000, low: 0)
        connection.conntrack?.labels = FlowLabels(low: 5, high: 1)
        let line = text(JSONLinesWriter(), [connection])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let conntrack = try #require(object["conntrack"] as? [String: Any])
        #expect(conntrack["helper"] as? String == "f\u{1b}p")
        #expect(conntrack["start"] as? String == "1970-01-01T00:00:01.000000001Z")
        #expect(conntrack["labels"] as? String == "0x10000000000000005")
        #expect(!line.contains("\u{1b}"))
    }

    @Test func `events`() throws {
        let writer = EventJSONWriter(header)
        var buffer: [UInt8] = []
        writer.append(.new(sample(), existing: true), at: 0, to: &buffer)
        writer.append(.lost(7, of: 0), at: 0, to: &buffer)
        writer.append(.resync(ReportTables(conntrack: TableCoverage(available: true, complete: true)), of: 0), at: 0, to: &buffer)
        let lines = String(decoding: buffer, as: UTF8.self).split(separator: "\n")
        let objects = try lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
        #expect(objects.map { $0["event"] as? String } == ["new", "lost", "resync"])
        #expect(objects[0]["existing"] as? Bool == true)
        #expect(objects[1]["lost"] as? Int == 7)
    }

    @Test func `a line says why a table is not there`() {
        let gone = TableCoverage.unavailable(KernelStateError(operation: "network namespace p\u{1b}d", cause: "nobody holds it any more"))
        var buffer: [UInt8] = []
        EventTextWriter(header).append(
            .resync(ReportTables(conntrack: gone, ipvs: TableCoverage(available: true, complete: true)), of: 0), at: 0, to: &buffer)
        let end = "RESYNC conntrack not available: network namespace p\\x1bd: nobody holds it any more ipvs complete, read 0\n"
        #expect(String(decoding: buffer, as: UTF8.self).hasSuffix(end))
    }
}

@Suite struct TableTests {
    private func table(width: Int?, _ connections: [Connection]) -> [Substring] {
        text(TableWriter(columns: Column.standard, width: width, colour: false, showsHeading: true, keepsOrder: false), connections)
            .split(separator: "\n")
    }

    @Test func `columns align`() {
        let lines = table(width: nil, [sample()])
        #expect(lines[0] == "PROTO  CLIENT             SERVICE          BACKEND           IPVS      EXPIRES  CONNTRACK           TIMEOUT")
        #expect(lines[1] == "tcp    10.233.75.9:37332  10.233.0.3:9153  10.233.71.1:9153  SYN_RECV       58  SYN_SENT UNREPLIED      117")
    }

    @Test func `every row fits a terminal of any width`() {
        var six = sample()
        six.client = endpoint("fd00:10:244:1:2:3:4:9", 40_000)
        for width in 1...160 {
            for line in table(width: width, [sample(), six]) { #expect(line.count <= width) }
        }
    }

    @Test func `a state is shown whole or not at all`() {
        for width in 30...160 {
            let line = table(width: width, [sample()])[1]
            #expect(line.contains("SYN_SENT UNREPLIED"))
        }
    }

    @Test func `csv quotes what must be quoted and leaves absent values empty`() {
        var connection = sample()
        connection.conntrack?.helper = HelperName(high: 0x612c_2262_0000_0000, low: 0)  // a,"b
        let csv = text(CSVWriter(columns: [.client, .translated, .helper], showsHeading: true), [connection])
        #expect(csv == "client,translated,helper\n10.233.75.9:37332,,\"a,\"\"b\"\n")
    }

    @Test func `rows are sorted by service and backend while they are few`() {
        var other = sample()
        other.backend = endpoint("10.0.0.1", 9153)
        #expect(table(width: nil, [sample(), other])[1].contains("10.0.0.1"))
    }
}

@Suite struct OutputSinkTests {
    @Test func `a full disk and a closed pipe are told apart, and kept`() {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        var sink = OutputSink(descriptor: full)
        sink.buffer = [1]
        sink.flush()
        #expect(sink.error == .failed(ENOSPC))
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        close(ends[0])
        var pipeSink = OutputSink(descriptor: ends[1])
        pipeSink.buffer = [1]
        pipeSink.flush()
        #expect(pipeSink.error == .closedPipe)
        close(ends[1])
    }
}
