import Glibc
import KernelState
import Testing

@testable import Imports

@Suite struct SavedTextTests {
    private static let line =
        "udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 mark=0 use=1"

    @Test func whatCannotBeReadIsCountedAndNamed() throws {
        try withFile(Self.line + "\nrubbish\n\n" + Self.line.replacing("sport=1 ", with: "sport=2 ") + "\ncut short src=") { path in
            let source = try #require(try ImportSearch.sources(at: path)?.first)
            let table = try source.openConntrack(.confirmed, walks: nil)
            #expect(try entries(table).count == 2)
            #expect(table.coverage.undecodable == 2)
            #expect(!table.coverage.complete)
            #expect(table.coverage.reason == "2 lines of \(path) could not be read, the first is line 2: rubbish")
            #expect(source.log.readings.first?.examples.map(\.number) == [2, 5])
        }
    }

    @Test func aWholeTextIsComplete() throws {
        try withFile(Self.line + "\r\n" + Self.line + "\nconntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.\n") { path in
            let source = try #require(try ImportSearch.sources(at: path)?.first)
            let table = try source.openConntrack(.confirmed, walks: nil)
            #expect(try entries(table).count == 1)  // the same entry twice is one
            #expect(table.coverage.complete)
            #expect(source.place.node == String(path.dropFirst(5)))
            #expect(throws: KernelStateError.self) { try source.openIPVS() }
            #expect(throws: KernelStateError.self) { try source.openConntrack(.dying, walks: nil) }
        }
    }

    /// As sos saves a table of more than 4096 bytes: the count, which goes to standard error, comes before the last block.
    @Test func anEntryThatAMessageHasCutIsOne() throws {
        let count = "conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.\n"
        let other = Self.line.replacing("sport=1 ", with: "sport=2 ")
        for place in [0, 1, 40, Self.line.utf8.count - 1, Self.line.utf8.count] {
            let text = other + "\n" + Self.line.prefix(place) + count + Self.line.dropFirst(place) + "\n"
            try withFile(text) { path in
                let source = try #require(try ImportSearch.sources(at: path)?.first)
                let table = try source.openConntrack(.confirmed, walks: nil)
                #expect(try entries(table).map(\.original.sourceEndpoint.port) == [2, 1], "\(place)")
                #expect(table.coverage.complete)
            }
        }
    }

    @Test func aSettingThatMessagesHaveCutIsOne() throws {
        let messages = "sysctl: reading key \"net.ipv6.conf.all.stable_secret\"\nsysctl: reading key \"net.ipv6.conf.lo.stable_secret\"\n"
        try withFile("net.core.a = 1\nnet.ipv4.ip_forward = \(messages)17\nnet.core.b = 2\n") { path in
            let facts = try #require(try ImportSearch.sources(at: path)?.first).facts()
            #expect(facts.sysctls == ["net.core.a": "1", "net.ipv4.ip_forward": "17", "net.core.b": "2"])
            #expect(facts.problems.isEmpty)
        }
    }

    @Test func aLastLineThatIsCutIsNoEntry() throws {
        try withFile(Self.line + "\n" + String(Self.line.dropLast(14))) { path in
            let source = try #require(try ImportSearch.sources(at: path)?.first)
            let table = try source.openConntrack(.confirmed, walks: nil)
            #expect(try entries(table).count == 1)
            #expect(table.coverage.undecodable == 1)
        }
    }

    @Test func linesAcrossTheReadersBuffer() throws {
        let texts = (0..<5_000).map { "line \($0) " + String(repeating: "x", count: $0 % 200) }
        try withFile(texts.joined(separator: "\n")) { path in
            let reader = try LineReader(path: path)
            var read: [String] = []
            while let line = try reader.next() {
                read.append(String(decoding: line.bytes, as: UTF8.self))
                #expect(line.number == read.count)
                #expect(line.isTerminated == (read.count < texts.count))
            }
            #expect(read == texts)
        }
    }

    @Test func aLineLongerThanTheBufferIsOne() throws {
        for length in [262_143, 262_144, 262_145, 600_000] {
            for end in ["\nend\n", "\n", ""] {
                try withFile(String(repeating: "y", count: length) + end) { path in
                    let reader = try LineReader(path: path)
                    var lines: [(number: Int, length: Int)] = []
                    while let line = try reader.next() { lines.append((line.number, line.bytes.count)) }
                    #expect(lines.map(\.number) == (end.count > 1 ? [1, 2] : [1]))
                    #expect(lines[0].length == min(length, 262_144))
                    #expect(lines.last?.length == (end.count > 1 ? 3 : min(length, 262_144)))
                }
            }
        }
    }

    /// Where standard error is saved too, what conntrack says at the end stands first.
    @Test func theCountTellsNoFormat() throws {
        let count = "conntrack v1.4.7 (conntrack-tools): 1 flow entries have been shown.\n"
        let entry =
            "-A -t 117 -u UNSET -s 10.0.0.1 -d 10.96.0.10 -r 10.96.0.10 -q 10.0.0.1 -p tcp --sport 1 --dport 2 "
            + "--reply-port-src 2 --reply-port-dst 1 --state SYN_SENT\n"
        let kinds = try [count + entry, count].map { text in try withFile(text) { path in try SavedText(path: path)?.kind } }
        #expect(kinds == [.conntrackSave, .conntrackLines])
    }

    @Test func anEditorsMarkIsNoPartOfTheFirstLine() throws {
        try withFile("\u{feff}nameserver 10.96.0.10\n") { path in
            let text = try #require(try LineReader.first(of: path) { String(decoding: $0, as: UTF8.self) })
            #expect(text == "nameserver 10.96.0.10")
        }
    }

    @Test func otherFilesAreNotTaken() throws {
        for text in ["", "\n\n", "# comment\n", "tcp 6 431999\n", "GIF89a\0\0", "<?xml version=\"1.0\"?>\n<html>\n"] {
            #expect(try withFile(text) { try ImportSearch.sources(at: $0) == nil }, "\(text)")
        }
        #expect(throws: KernelStateError.self) { try ImportSearch.sources(at: "/tmp/kstate-imports-absent/file") }
        #expect(throws: KernelStateError.self) { try withFile("") { try ImportSearch.sources(at: [$0]) } }
    }
}
