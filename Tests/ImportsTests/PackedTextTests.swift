import Glibc
import KernelState
import Testing

@testable import Imports

/// Files that gzip 1.12 and others have packed.
@Suite struct PackedTextTests {
    private static let first: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x4b, 0xcc, 0x4d, 0x2d, 0x4e, 0x2d, 0x2a, 0x4b, 0x2d,
        0x52, 0x30, 0x34, 0xd0, 0xb3, 0x34, 0xd3, 0x33, 0xd0, 0x33, 0x34, 0xe0, 0x02, 0x00, 0x76, 0x2c, 0x8d, 0x5f, 0x16, 0x00,
        0x00, 0x00,
    ]
    private static let second: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x4b, 0xcc, 0x4d, 0x2d, 0x4e, 0x2d, 0x2a, 0x4b, 0x2d,
        0x52, 0x30, 0x34, 0xd0, 0xb3, 0x34, 0xd3, 0x33, 0xd0, 0x33, 0x34, 0xe4, 0x02, 0x00, 0x37, 0x1d, 0x96, 0x46, 0x16, 0x00,
        0x00, 0x00,
    ]

    private func text(_ bytes: [UInt8]) throws -> (lines: [String], damage: String?) {
        try withFile(bytes) { path in
            let reader = try LineReader(path: path)
            var lines: [String] = []
            while let line = try reader.next() { lines.append(String(decoding: line.bytes, as: UTF8.self)) }
            return (lines, reader.damage)
        }
    }

    private func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
        try ImportsTests.withFile("") { path in
            let file = fopen(path, "w")
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
            return try body(path)
        }
    }

    @Test func oneFileAndSeveralBehindEachOther() throws {
        #expect(try text(Self.first) == (["nameserver 10.96.0.10"], nil))
        #expect(try text(Self.first + Self.second + Self.first).lines.map { $0.suffix(2) } == ["10", "11", "10"])
        let resolver = try withFile(Self.first) { try ImportSearch.sources(at: $0)?.first?.facts().resolverConfiguration }
        #expect(resolver == "nameserver 10.96.0.10\n")
    }

    @Test func whatStandsBeforeTheDamageIsKept() throws {
        for length in Self.first.count - 8..<Self.first.count {
            let cut = try text(Array(Self.second + Self.first.prefix(length)))
            #expect(cut.lines.first == "nameserver 10.96.0.11")
            #expect(cut.damage == "the packed file is cut short")
        }
        var flipped = Self.first
        flipped[Self.first.count - 6] ^= 1  // of the checksum
        #expect(try text(flipped).damage?.hasPrefix("the packed file is damaged (") == true)
        try withFile(Self.second + flipped) { path in
            let facts = try #require(try ImportSearch.sources(at: path)?.first).facts()
            #expect(facts.resolverConfiguration?.hasPrefix("nameserver 10.96.0.11\n") == true)
            #expect(facts.problems.first?.cause.contains("the packed file is damaged (") == true)
        }
    }

    @Test func textsOfEveryLength() throws {
        for bytes in [[], [0x1f], [0x1f, 0x8b], Array("BZh".utf8), Array("BZh9 is a name\n".utf8), Array("ustar\n".utf8)] as [[UInt8]] {
            #expect(try text(bytes).damage == nil)
        }
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1_000)
        #expect(try text(long).lines.map(\.utf8.count) == [1_000])
    }

    @Test func whatIsPackedOtherwiseNamesTheCommand() throws {
        let archive = [UInt8](repeating: UInt8(ascii: "a"), count: 257) + "ustar".utf8 + [UInt8](repeating: 0, count: 250)
        for (bytes, command) in [
            ([0xff, 0xfe, 0x74, 0x00], "iconv -f UTF-16 -t UTF-8 -o utf8.txt"), (archive, "tar -xf"),
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2], "xz -dk"), (Array("BZh91AY&SY".utf8), "bzip2 -dk"),
        ] as [([UInt8], String)] {
            #expect(throws: KernelStateError.self) { try withFile(bytes) { try ImportSearch.sources(at: $0) } }
            let error = #expect(throws: KernelStateError.self) { try withFile(bytes) { try LineReader(path: $0) } }
            #expect(error?.remedy.contains(": \(command) /tmp/") == true)
        }
    }
}
