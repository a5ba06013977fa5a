import KernelState
import Testing

@testable import IPVS
@testable import Netlink

/// What the nested attribute of a message of the family IPVS holds, or all its attributes where none is named.
private func withAttributes<Value>(_ message: [UInt8], nested: Bool = true, _ body: (RawSpan) -> Value) -> Value? {
    message.withUnsafeBytes { bytes -> Value? in
        var messages = MessageCursor(RawSpan(_unsafeBytes: bytes))
        guard let message = messages.next() else { return nil }
        let payload = message.payload.dropping(NetlinkRequest.genericHeaderSize)
        if !nested { return body(payload) }
        var attributes = AttributeCursor(payload)
        guard let attribute = attributes.next() else { return nil }
        return body(attribute.payload)
    }
}

private func decodedService(_ message: [UInt8]) -> VirtualService? { withAttributes(message) { ServiceDecoder.decode($0) } ?? nil }

private func decodedBackend(_ message: [UInt8], family: AddressFamily = .ipv4) -> Backend? {
    withAttributes(message) { DestinationDecoder.decode($0, family: family) } ?? nil
}

/// Decodes attributes that were put together here.
private func decode<Value>(_ attributes: [[UInt8]], _ body: (RawSpan) -> Value) -> Value {
    attributes.flatMap { $0 }.withUnsafeBytes { body(RawSpan(_unsafeBytes: $0)) }
}

private func attribute(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [UInt8(payload.count + 4), 0, type, 0] + payload + [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
}

/// The attributes of a message, each with its header.
private func attributes(of message: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var offset = 24
    while offset < message.count {
        let length = Int(message[offset]) | Int(message[offset + 1]) << 8
        parts.append(Array(message[offset..<min(offset + (length + 3) & ~3, message.count)]))
        offset += (length + 3) & ~3
    }
    return parts
}

@Suite struct ServiceDecoderTests {
    @Test func `a persistent IPv6 service`() throws {
        let service = try #require(decodedService(Fixtures.persistentService))
        let address = try #require(IPAddress("fd00:96::1"))
        #expect(service.identity == .address(.tcp, Endpoint(address: address, port: 80)))
        #expect(service.scheduler == "wrr")
        #expect(service.flags == 3 && service.isPersistent)
        #expect(service.persistence == 100)
        #expect(service.persistenceNetmask == 64)
        #expect(service.persistenceEngine == nil)
        #expect(service.counters == TrafficCounters())
    }

    @Test func `a firewall mark with its counters`() throws {
        let service = try #require(decodedService(Fixtures.markedService))
        #expect(service.identity == .firewallMark(7, .ipv4))
        #expect(service.persistence == 300)
        #expect(service.persistenceNetmask == 0xffff_ffff)
        let counters = try #require(service.counters)
        #expect(counters.connections == 1 && counters.inboundPackets == 1 && counters.inboundBytes == 60)
        #expect(counters.outboundPackets == 0 && counters.outboundBytes == 0)
    }

    @Test func `attributes may come in any order, and unknown ones are skipped`() throws {
        let parts = attributes(of: Fixtures.markedService)
        let unknown = attribute(200, [1, 2, 3])
        let shuffled = [unknown] + parts.reversed() + [unknown]
        #expect(decode(shuffled) { ServiceDecoder.decode($0) } == decodedService(Fixtures.markedService))
    }

    @Test func `before Linux 4.1 the counters are 32 bits wide`() throws {
        let narrow = attributes(of: Fixtures.markedService).filter { $0[2] != 12 }
        #expect(narrow.count == attributes(of: Fixtures.markedService).count - 1)
        #expect(decode(narrow) { ServiceDecoder.decode($0) }?.counters == decodedService(Fixtures.markedService)?.counters)
        let none = narrow.filter { $0[2] != 10 }
        let bare = try #require(decode(none) { ServiceDecoder.decode($0) })
        #expect(bare.counters == nil)
    }

    @Test func `a persistence engine`() throws {
        let parts = attributes(of: Fixtures.markedService) + [attribute(11, Array("sip".utf8) + [0])]
        #expect(decode(parts) { ServiceDecoder.decode($0) }?.persistenceEngine == "sip")
    }

    @Test func `without a name, of an unknown family or cut short it is none`() throws {
        let parts = attributes(of: Fixtures.persistentService)
        for missing in [UInt8(1), 2, 3] { #expect(decode(parts.filter { $0[2] != missing }) { ServiceDecoder.decode($0) } == nil) }
        #expect(decode([attribute(1, [99, 0])] + parts.dropFirst()) { ServiceDecoder.decode($0) } == nil)
        #expect(decode([attribute(3, [10, 96])] + parts.filter { $0[2] != 3 }) { ServiceDecoder.decode($0) } == nil)
        let whole = parts.flatMap { $0 }
        for length in 1..<parts[0].count { #expect(decode([Array(whole.prefix(length))]) { ServiceDecoder.decode($0) } == nil) }
    }
}

@Suite struct DestinationDecoderTests {
    @Test func `limits, weight and counters`() throws {
        let backend = try #require(decodedBackend(Fixtures.limitedBackend, family: .ipv6))
        #expect(backend.endpoint.description == "[fd00:244::5]:8080")
        #expect(backend.forwarding == .masquerade)
        #expect(backend.weight == 3)
        #expect(backend.upperThreshold == 100 && backend.lowerThreshold == 50)
        #expect(backend.counters == TrafficCounters())
    }

    @Test func `a tunnel's backend may be of another family than its service`() throws {
        let backend = try #require(decodedBackend(Fixtures.tunnelBackend))
        #expect(backend.endpoint.description == "[fd00:244::7]:82")
        #expect(backend.forwarding == .tunnel)
    }

    @Test func `before Linux 3.18 it is of its service's`() throws {
        let parts = attributes(of: Fixtures.limitedBackend).filter { $0[2] != 11 }
        #expect(decode(parts) { DestinationDecoder.decode($0, family: .ipv6) }?.endpoint.description == "[fd00:244::5]:8080")
        #expect(decode(parts) { DestinationDecoder.decode($0, family: .ipv4) }?.endpoint.description == "253.0.2.68:8080")
    }

    @Test func `flags beside the way of forwarding are not looked at, and an unknown way is none`() throws {
        let rest = attributes(of: Fixtures.limitedBackend).filter { $0[2] != 3 }
        #expect(decode(rest + [attribute(3, [0x03, 0x01, 0, 0])]) { DestinationDecoder.decode($0, family: .ipv6) }?.forwarding == .route)
        #expect(decode(rest + [attribute(3, [0x07, 0, 0, 0])]) { DestinationDecoder.decode($0, family: .ipv6) } == nil)
        #expect(decode(rest) { DestinationDecoder.decode($0, family: .ipv6) } == nil)
    }
}

@Suite struct InformationTests {
    @Test func `a daemon`() throws {
        let daemon = withAttributes(Fixtures.masterDaemon) { DaemonDecoder.decode($0) } ?? nil
        #expect(daemon == IPVSDaemon(role: .master, interface: "d0", syncIdentifier: 6))
        #expect(decode([attribute(2, [100, 48, 0])]) { DaemonDecoder.decode($0) } == nil)
        #expect(decode([attribute(1, [9, 0, 0, 0])]) { DaemonDecoder.decode($0) } == nil)
    }

    @Test func `version, table size and timeouts`() {
        var facts = IPVSFacts()
        _ = withAttributes(Fixtures.information, nested: false) { IPVSInformation.decodeVersion($0, into: &facts) }
        _ = withAttributes(Fixtures.timeouts, nested: false) { IPVSInformation.decodeTimeouts($0, into: &facts) }
        #expect(facts.version == 0x01_02_01)
        #expect(facts.connectionTableSize == 4_096)
        #expect(facts.tcpTimeout == 901 && facts.tcpFinTimeout == 121 && facts.udpTimeout == 301)
    }
}

@Suite struct CheckedDumpTests {
    private func read(_ passes: [[Int]], listed: [Int], datagrams: Int = 2) throws(KernelStateError) -> (objects: [Int], taken: Int) {
        var taken = 0
        let objects = try CheckedDump.read(by: { $0 }, isWhole: { (names) throws(KernelStateError) in names.isSuperset(of: listed) }) {
            () throws(KernelStateError) in
            defer { taken += 1 }
            return (passes[min(taken, passes.count - 1)], datagrams)
        }
        return (objects, taken)
    }

    @Test func `a dump of one datagram was read at one moment`() throws {
        let (objects, taken) = try read([[1, 2, 3]], listed: [1, 2, 3, 4], datagrams: 1)
        #expect(objects == [1, 2, 3] && taken == 1)
    }

    @Test func `a longer one is whole when it has all that is listed, each once`() throws {
        let (objects, taken) = try read([[1, 2, 1, 3]], listed: [3, 2])
        #expect(objects == [1, 2, 3] && taken == 1)
    }

    @Test func `what is missing is looked for in further dumps, and what any of them had is handed out`() throws {
        let (objects, taken) = try read([[1, 2], [2, 3], [2, 4], [5]], listed: [2, 3, 4])
        #expect(objects == [1, 2, 3, 4] && taken == 3)
    }

    @Test func `the search ends where it is never found`() throws {
        let (objects, taken) = try read([[1, 2]], listed: [9])
        #expect(objects == [1, 2] && taken == CheckedDump.maximumPasses)
    }
}
