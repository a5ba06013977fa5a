import Testing

@testable import Netlink

@Suite struct CursorTests {
    private func header(length: UInt32, type: UInt16 = 0x100, sequence: UInt32 = 7, port: UInt32 = 9) -> [UInt8] {
        [length, UInt32(type), sequence, port].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) } }
    }

    private func walk(_ bytes: [UInt8]) -> (sizes: [Int], failure: DecodeFailure?) {
        bytes.withUnsafeBytes { buffer in
            var cursor = MessageCursor(RawSpan(_unsafeBytes: buffer))
            var sizes: [Int] = []
            while let message = cursor.next() { sizes.append(message.payload.byteCount) }
            if cursor.next() != nil { Issue.record("what has ended stays ended") }
            return (sizes, cursor.failure)
        }
    }

    @Test func `messages follow each other at multiples of four bytes`() {
        let bytes = header(length: 18) + [1, 2, 0, 0] + header(length: 17) + [3]
        #expect(walk(bytes).sizes == [2, 1])  // the last without its padding, as some events come
        #expect(walk(bytes).failure == nil)
    }

    @Test func `lengths that lie end the walk with a reason`() {
        #expect(walk(header(length: 0)).failure == .lengthTooSmall(offset: 0))
        #expect(walk(header(length: 15)).failure == .lengthTooSmall(offset: 0))
        #expect(walk(header(length: 400)).failure == .truncated(offset: 0))
        #expect(walk(header(length: 16) + [1, 2, 3]).failure == .truncated(offset: 16))
    }

    private func attributes(_ bytes: [UInt8]) -> (types: [UInt16], failure: DecodeFailure?) {
        bytes.withUnsafeBytes { buffer in
            var cursor = AttributeCursor(RawSpan(_unsafeBytes: buffer))
            var types: [UInt16] = []
            while let attribute = cursor.next() { types.append(attribute.type) }
            return (types, cursor.failure)
        }
    }

    @Test func `flags are no part of an attribute's type`() {
        #expect(attributes([5, 0, 1, 0x80, 9, 0, 0, 0, 4, 0, 2, 0x40]).types == [1, 2])
    }

    @Test func `attributes whose lengths lie end the walk`() {
        #expect(attributes([0, 0, 1, 0]).failure == .lengthTooSmall(offset: 0))
        #expect(attributes([8, 0, 1, 0, 1]).failure == .truncated(offset: 0))
        #expect(attributes([4, 0, 1, 0, 4]).failure == .truncated(offset: 4))
    }

    @Test func `an answer's messages of another request or for another socket are passed over`() {
        var reader = AnswerReader(sequence: 7, port: 9)
        var count = 0
        let bytes = header(length: 16) + header(length: 16, sequence: 8) + header(length: 16, port: 1) + header(length: 20, type: 3) + [0, 0, 0, 0]
        bytes.withUnsafeBytes { reader.read(RawSpan(_unsafeBytes: $0)) { _ in count += 1 } }
        #expect(count == 1)
        #expect(reader.finished && reader.error == 0)
    }

    @Test func `an error ends an answer with its number`() {
        var reader = AnswerReader(sequence: 7, port: 9)
        let bytes = header(length: 20, type: 2) + [0xff, 0xff, 0xff, 0xff]
        bytes.withUnsafeBytes { reader.read(RawSpan(_unsafeBytes: $0)) { _ in Issue.record("no data") } }
        #expect(reader.finished && reader.error == -1)
    }

    @Test func `an interrupted dump is noticed`() {
        var bytes = header(length: 16)
        bytes[6] = 0x10  // NLM_F_DUMP_INTR
        var reader = AnswerReader(sequence: 7, port: 9)
        bytes.withUnsafeBytes { reader.read(RawSpan(_unsafeBytes: $0)) { _ in } }
        #expect(reader.interrupted)
    }
}
