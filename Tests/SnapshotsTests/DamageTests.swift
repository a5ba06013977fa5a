import Foundation
import KernelState
import Testing

@testable import Snapshots

/// Files that are not what they should be: an error in words, and never a crash.
@Suite struct DamageTests {
    private func saved(_ folder: TemporaryFolder, compresses: Bool = false) throws -> [UInt8] {
        var random = RandomRecords(seed: 7)
        var source = MemorySource()
        source.flows = (0..<300).map { _ in random.flow() }
        source.rows = (0..<60).map { _ in random.row() }
        source.saved = (0..<8).map { _ in random.service() }
        source.known = random.facts()
        let path = folder.file("good.kstate")
        let writer = try SnapshotWriter(path: path, program: "test", compresses: compresses)
        try writer.add([source])
        try writer.finish()
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Reads all that there is; the first error, if any.
    private func readAll(_ path: String) -> KernelStateError? {
        do throws(KernelStateError) {
            let reader = try SnapshotReader(path: path)
            for sample in reader.samples {
                for source in reader.sources(of: sample) {
                    if let error = try source.openConntrack(.confirmed, walks: nil).all().error { throw error }
                    if let error = try source.openIPVS().all().error { throw error }
                    _ = try source.services()
                    if let problem = source.facts().problems.first(where: { $0.operation.contains(path) }) { throw problem }
                }
            }
            return nil
        } catch {
            return error
        }
    }

    /// The bytes with the checksum that they would have been written with.
    private func sealed(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes.dropLast(FileChecksum.size)).write(to: URL(fileURLWithPath: path))
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        try FileChecksum.append(to: descriptor, "sealing")
    }

    @Test func `no flipped bit passes unseen`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        let path = folder.file("flipped.kstate")
        var random = RandomRecords(seed: 9)
        for _ in 0..<150 {
            var bytes = good
            bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(readAll(path) != nil)
        }
        #expect(readAll(folder.file("good.kstate")) == nil)
    }

    @Test func `no flipped bit of a compressed file passes unseen`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder, compresses: true)
        #expect(Array(good.prefix(4)) == SnapshotMarks.compression)
        #expect(readAll(folder.file("good.kstate")) == nil)
        let path = folder.file("flipped.kstate")
        var random = RandomRecords(seed: 10)
        for _ in 0..<150 {
            var bytes = good
            bytes[Int(random.next() % UInt64(bytes.count))] ^= 1 << UInt8(random.next() % 8)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            // A bit of the frame's header is unused (RFC 8878, section 3.1.1.1.1.3): what is inside is then what it was.
            let isSame = readAll(path) == nil
            #expect(try !isSame || SnapshotReader(path: path).isIntact == true)
        }
        for length in Array(stride(from: 1, to: good.count - 1, by: 997)) + [good.count - 1] {
            try Data(good.prefix(length)).write(to: URL(fileURLWithPath: path))
            let error = try #require(readAll(path), "\(length) bytes")
            #expect(error.operation.contains(path))
        }
        try Data(good + [0]).write(to: URL(fileURLWithPath: path))
        #expect(readAll(path) != nil)
    }

    /// What the checksum does not cover is what a later writer changes with it: SQLite and the decoders must stand that too.
    @Test func `a thousand flipped bits under a right checksum crash nothing`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        let path = folder.file("flipped.kstate")
        var random = RandomRecords(seed: 8)
        var noticed = 0
        for _ in 0..<1_000 {
            var bytes = good
            // Half of the flips hit the schema and the first pages, where they do most harm.
            let limit = random.happens(2) ? 16_384 : UInt64(bytes.count)
            for _ in 0..<1 + random.next() % 3 { bytes[Int(random.next() % limit)] ^= 1 << UInt8(random.next() % 8) }
            try sealed(bytes, path)
            if let error = readAll(path) {
                noticed += 1
                #expect(!error.cause.isEmpty)
            }
        }
        #expect(noticed > 50)
    }

    @Test func `a file cut short is an error that names it`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        let path = folder.file("short.kstate")
        for length in Array(stride(from: 1, to: good.count, by: 1_777)) + [good.count - FileChecksum.size, good.count - 1] {
            try Data(good.prefix(length)).write(to: URL(fileURLWithPath: path))
            let error = try #require(readAll(path), "\(length) bytes")
            #expect(error.operation.contains(path))
        }
    }

    @Test func `other files are told from snapshots`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("other")
        for bytes in [[UInt8](), Array("hello\n".utf8), [UInt8](repeating: 0, count: 5_000)] {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(readAll(path) != nil)
        }
        #expect(readAll(folder.file("absent"))?.cause.isEmpty == false)
        #expect(readAll(folder.path) != nil)
    }

    @Test func `a later version is named with the remedy`() throws {
        let folder = try TemporaryFolder()
        var bytes = try saved(folder)
        bytes[63] = 9  // user_version, big-endian at 60
        let path = folder.file("later.kstate")
        try sealed(bytes, path)
        let error = try #require(readAll(path))
        #expect(error.description.contains("a later kstate wrote it, in format 9"))
        bytes[63] = 1
        bytes[68] = 0  // application_id, at 68
        try sealed(bytes, path)
        #expect(try #require(readAll(path)).description.contains("no snapshot"))
    }

    @Test func `a disk that is full leaves the file before it`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        #expect(throws: KernelStateError.self) { try SnapshotWriter(path: "/dev/full", program: "test") }
        #expect(throws: KernelStateError.self) { try SnapshotWriter(path: folder.file("no/such/folder"), program: "test") }
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file("good.kstate")))) == good)
    }
}
