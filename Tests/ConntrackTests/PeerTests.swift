import ConntrackText
import DecoderComparison
import KernelState
import Netlink
import PeerDecoder
import Testing

/// Every message of captured dumps, read by kstate and by libnetfilter_conntrack: the same, field by field.
@Suite struct PeerTests {
    /// In Tests/Captures, each with the kernel that sent it.
    private static let captures = ["random-6.18", "protocols-6.18", "story-6.1"]

    @Test(arguments: PeerTests.captures)
    func `both decoders read a captured dump the same`(_ name: String) throws {
        let comparison = try compare(name)
        #expect(comparison.isWhole)
        #expect(comparison.entries.count > 10)
        #expect(comparison.undecodable == 0)
        #expect(comparison.unknownAttributes == 0)
        for difference in comparison.differences {
            #expect(difference.kstate == difference.peer, "message \(difference.message)")
        }
    }

    @Test func `the captures hold every field that is compared`() throws {
        let entries = try PeerTests.captures.flatMap { try compare($0).entries }
        #expect(Set(entries.map(\.original.transport)) == [1, 6, 17, 47, 58, 132, 136])
        #expect(Set(entries.map(\.original.source.count)) == [4, 16])
        #expect(Set(entries.compactMap(\.state)).isSuperset(of: (1...8).map { .tcp($0) }))
        #expect(Set(entries.compactMap(\.state)).isSuperset(of: (1...7).map { .sctp($0) }))
        #expect(Set(entries.map(\.zone)).count > 1)
        #expect(entries.contains { $0.original.zone != nil })
        #expect(entries.contains { $0.mark != 0 })
        #expect(entries.contains { $0.counters?.allSatisfy { $0 > 0 } == true })
        #expect(entries.contains { $0.start != nil })
        #expect(entries.contains { $0.helper == "ftp" })
        #expect(entries.contains { $0.labels == [3, 77] })
    }

    /// What no dump has (a stop time comes with an event) and what few kernels make (DCCP, gone since 6.16).
    @Test func `both decoders read an ended entry and every DCCP state the same`() throws {
        for state in DCCPState.allCases {
            let tuple = Tuple(
                source: IPAddress(ipv4: 0x0a00_0001), destination: IPAddress(ipv4: 0x0a00_0002), transport: .dccp,
                detail: .ports(source: 1, destination: 2))
            var flow = Flow(original: tuple, reply: tuple)
            flow.state = .dccp(state)
            flow.start = 17
            flow.stop = 18
            let peer = try #require(PeerDecoder.decode(FlowEncoder(flow).bytes))
            #expect(peer == PeerEntry(flow))
            #expect(peer == PeerEntry(try #require(decode(FlowEncoder(flow).bytes).flows.first)))
        }
    }

    @Test func `a message that is refused counts as a difference, and a capture without its end is not whole`() throws {
        var message = Fixtures.unreplied
        message[28] = 0x84  // CTA_IP_V4_SRC's length
        let length = UInt32(message.count)
        let comparison = CaptureComparison(capture: (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + message)
        #expect(comparison.differences.count == 1)
        #expect(comparison.undecodable == 1)
        #expect(!comparison.isWhole)
        let capture = try capture("protocols-6.18")
        #expect(!CaptureComparison(capture: Array(capture.dropLast())).isWhole)
    }

    private func compare(_ name: String) throws -> CaptureComparison { CaptureComparison(capture: try capture(name)) }

    private func capture(_ name: String) throws -> [UInt8] {
        let own: String = #filePath
        let path = own.split(separator: "/").dropLast(2).map { "/\($0)" }.joined() + "/Captures/\(name)"
        return try KernelFile(path: path).contents()
    }
}
