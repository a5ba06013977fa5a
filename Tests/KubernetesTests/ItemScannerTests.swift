import Testing

@testable import Kubernetes

/// All parts that come of `text`, fed in chunks that end at `cuts`.
private func scan(_ text: String, cuts: [Int] = []) throws -> (parts: [(ItemScanner.Part, String)], scanner: ItemScanner) {
    var scanner = ItemScanner()
    var parts: [(ItemScanner.Part, String)] = []
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBytes { bytes in
        for (start, end) in zip([0] + cuts, cuts + [bytes.count]) {
            try scanner.feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { part, bytes in
                parts.append((part, String(decoding: bytes, as: UTF8.self)))
            }
        }
    }
    return (parts, scanner)
}

@Suite struct ItemScannerTests {
    static let list = #"""
        {"apiVersion":"v1","items":[
          {"kind":"Pod","a":{"items":[{"x":1}]},"s":"}]{[\"\\"},
          {"kind":"Node","t":"é\u007d\\\"]"} ],"kind":"List","metadata":{"continue":"n"}}
        """#

    @Test func `a list gives its head, its items and its frame`() throws {
        let (parts, scanner) = try scan(Self.list)
        #expect(parts.map(\.0) == [.listHead, .item, .item, .document(isList: true)])
        #expect(parts[0].1 == #"{"apiVersion":"v1","items":[]}"#)
        #expect(parts[1].1 == #"{"kind":"Pod","a":{"items":[{"x":1}]},"s":"}]{[\"\\"}"#)
        #expect(parts[2].1 == #"{"kind":"Node","t":"é\u007d\\\"]"}"#)
        #expect(parts[3].1 == #"{"apiVersion":"v1","items":[],"kind":"List","metadata":{"continue":"n"}}"#)
        #expect(scanner.isBetweenDocuments)
    }

    @Test func `the same comes out wherever the bytes are cut`() throws {
        let whole = try scan(Self.list).parts.map(\.1)
        let count = Self.list.utf8.count
        for cut in 0...count {
            #expect(try scan(Self.list, cuts: [cut]).parts.map(\.1) == whole, "cut at \(cut)")
        }
        for first in stride(from: 1, to: count, by: 7) {
            for second in stride(from: first, to: count, by: 5) {
                #expect(try scan(Self.list, cuts: [first, second]).parts.map(\.1) == whole, "cut at \(first) and \(second)")
            }
        }
        #expect(try scan(Self.list, cuts: Array(1..<count)).parts.map(\.1) == whole)
    }

    @Test func `a truncated list gives the items that are whole`() throws {
        for end in 0..<Self.list.utf8.count {
            let text = String(decoding: Array(Self.list.utf8)[..<end], as: UTF8.self)
            let (parts, scanner) = try scan(text)
            #expect(scanner.isBetweenDocuments == (end == 0), "at \(end)")
            #expect(!parts.contains { $0.0 == .document(isList: true) })
            #expect(parts.count { $0.0 == .item } <= 2)
        }
    }

    @Test func `documents may follow one another, lists and single objects`() throws {
        let (parts, _) = try scan("\(Self.list)\n{\"kind\":\"Pod\"}{\"items\":[]}\r\n\t{\"items\":null,\"kind\":\"PodList\"}[{\"a\":[]},{}]")
        #expect(
            parts.map(\.0) == [
                .listHead, .item, .item, .document(isList: true), .document(isList: false), .listHead, .document(isList: true),
                .document(isList: false), .item, .item,
            ])
        #expect(parts[4].1 == #"{"kind":"Pod"}"#)
    }

    @Test(arguments: [
        ("apiVersion: v1", 0, UInt8(ascii: "a")), ("\"text\"", 0, UInt8(ascii: "\"")), ("{} x", 3, UInt8(ascii: "x")),
        ("{\"items\":[{},1]}", 13, UInt8(ascii: "1")), ("{\"items\":[[]]}", 10, UInt8(ascii: "[")), ("]", 0, UInt8(ascii: "]")),
        ("{},{}", 2, UInt8(ascii: ",")), ("[\"a\"]", 1, UInt8(ascii: "\"")),
    ])
    func `what is no list of objects is refused, and where`(text: String, offset: Int, byte: UInt8) throws {
        #expect(throws: ItemScanner.Failure(offset: offset, cause: .unexpectedByte(byte))) { try scan(text) }
        #expect(throws: ItemScanner.Failure(offset: offset, cause: .unexpectedByte(byte))) { try scan(text, cuts: Array(1..<text.utf8.count)) }
    }

    @Test func `a value called items is no list`() throws {
        let (parts, _) = try scan(#"{"kind":"items","list":[{"a":1}],"spec":{"items":[{"b":2}]}}"#)
        #expect(parts.map(\.0) == [.document(isList: false)])
    }

    @Test func `an object larger than any of a cluster is left out, and no memory spent on it`() throws {
        let long = String(repeating: "x", count: 1 << 20)
        let huge = "{\"a\":\"" + String(repeating: long, count: 9) + "\"}"
        let (parts, _) = try scan("{\"items\":[{\"n\":1},\(huge),{\"n\":2}]}", cuts: [1 << 20, 5 << 20])
        #expect(parts.map(\.0) == [.listHead, .item, .oversizedItem, .item, .document(isList: true)])
        #expect(parts[2].1.isEmpty)
        #expect(throws: ItemScanner.Failure(offset: 5 << 20, cause: .tooLarge)) { try scan(huge, cuts: [5 << 20]) }
    }
}
