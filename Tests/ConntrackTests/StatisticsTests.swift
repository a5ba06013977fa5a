import KernelState
import Testing

@testable import Conntrack
@testable import Netlink

/// One CPU's counters as Linux 6.18 sent them.
private let message: [UInt8] = [
    // nlmsghdr: length, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_MULTI, sequence, port
    0x64, 0x00, 0x00, 0x00, 0x04, 0x01, 0x02, 0x00, 0x07, 0x00, 0x00, 0x00, 0xd2, 0x2a, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x01,  // nfgenmsg: family, version, CPU
    0x08, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,  // FOUND
    0x08, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x06,  // INVALID
    0x08, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00,  // INSERT
    0x08, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00,  // INSERT_FAILED
    0x08, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00,  // DROP
    0x08, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x00, 0x00,  // EARLY_DROP
    0x08, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00,  // ERROR
    0x08, 0x00, 0x0d, 0x00, 0x00, 0x00, 0x00, 0x00,  // SEARCH_RESTART
    0x08, 0x00, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x00,  // CLASH_RESOLVE
    0x08, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00,  // CHAIN_TOOLONG
]

private func decode(_ bytes: [UInt8]) -> ConntrackStatistics? {
    bytes.withUnsafeBytes { buffer -> ConntrackStatistics? in
        var messages = MessageCursor(RawSpan(_unsafeBytes: buffer))
        guard let message = messages.next() else { return nil }
        return StatisticsDecoder.decode(message.payload)
    }
}

@Suite struct StatisticsTests {
    @Test func `a CPU's counters`() throws {
        var expected = ConntrackStatistics(cpu: 1)
        expected.invalid = 6
        #expect(decode(message) == expected)
    }

    @Test func `each counter has its own field`() throws {
        var bytes = message
        for (index, offset) in stride(from: 20, to: bytes.count, by: 8).enumerated() { bytes[offset + 7] = UInt8(index + 1) }
        let statistics = try #require(decode(bytes))
        let fields = [
            statistics.found, statistics.invalid, statistics.insert, statistics.insertFailed, statistics.drop, statistics.earlyDrop,
            statistics.error, statistics.searchRestart, statistics.clashResolve, statistics.chainTooLong,
        ]
        #expect(fields == Array(1...10))
    }

    @Test func `unknown counters are skipped, and a message cut short is none`() {
        var longer = message + [0x08, 0x00, 0x7f, 0x00, 0, 0, 0, 9]
        longer[0] = UInt8(longer.count)
        #expect(decode(longer) == decode(message))
        var shorter = Array(message.dropLast(3))
        shorter[0] = UInt8(shorter.count)
        #expect(decode(shorter) == nil)
    }

    @Test func `columns of /proc are found by their names`() throws {
        let text = """
            entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
            00000001  0000000a 0000000b 00000000 0000000c 00000000 00000000 0000000d 0000000e 0000000f 00000010 00000011 00000012  00000000 00000000 00000000 00000013
            00000001  00000000 00000000 00000000 ffffffff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000

            """
        let statistics = StatisticsReader.statistics(in: Array(text.utf8))
        try #require(statistics.count == 2)
        #expect(statistics[0].clashResolve == 10 && statistics[0].found == 11 && statistics[0].invalid == 12)
        #expect(statistics[0].chainTooLong == 13 && statistics[0].insert == 14 && statistics[0].insertFailed == 15)
        #expect(statistics[0].drop == 16 && statistics[0].earlyDrop == 17 && statistics[0].error == 18)
        #expect(statistics[0].searchRestart == 19)
        #expect(statistics[1].cpu == 1 && statistics[1].invalid == .max)
    }

    @Test func `the columns of 3.10, whose others have no field here`() throws {
        let text = "entries  searched found new invalid ignore delete delete_list insert insert_failed drop early_drop icmp_error\n"
        let statistics = StatisticsReader.statistics(in: Array((text + "2 3 4 5 6 7 8 9 a b c d e\n").utf8))
        var expected = ConntrackStatistics(cpu: 0)
        (expected.found, expected.invalid, expected.insert, expected.insertFailed) = (4, 6, 10, 11)
        (expected.drop, expected.earlyDrop, expected.error) = (12, 13, 14)
        #expect(statistics == [expected])
        #expect(StatisticsReader.statistics(in: []).isEmpty)
        #expect(StatisticsReader.statistics(in: Array((text + "2 3\n").utf8)).isEmpty, "a line that is cut short")
    }
}
