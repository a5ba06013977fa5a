import Foundation
import KernelState
import Testing

@testable import Snapshots

/// Files that are not what they should be: an error in words, and never a crash.
@Suite struct DamageTests {
    private func saved(_ folder: TemporaryFolder) throws -> [UInt8] {
        var random = RandomRecords(seed: 7)
        var source = MemorySource()
        source.flows = (0..<300).map { _ in random.flow() }
        source.rows = (0..<60).map { _ in random.row() }
        source.saved = (0..<8).map { _ in random.service() }
        source.known = random.facts()
        let path = folder.file("good.kstate")
        let writer = try SnapshotWriter(path: path, program: "test")
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

    @Test func `three thousand flipped bits crash nothing`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        let path = folder.file("flipped.kstate")
        var random = RandomRecords(seed: 8)
        var noticed = 0
        for _ in 0..<3_000 {
            var bytes = good
            // Half of the flips hit the schema and the first pages, where they do most harm.
            let limit = random.happens(2) ? 16_384 : UInt64(bytes.count)
            for _ in 0..<1 + random.next() % 3 { bytes[Int(random.next() % limit)] ^= 1 << UInt8(random.next() % 8) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            if let error = readAll(path) {
                noticed += 1
                #expect(!error.cause.isEmpty)
            }
        }
        #expect(noticed > 100)
    }

    @Test func `a file cut short is an error that names it`() throws {
        let folder = try TemporaryFolder()
        let good = try saved(folder)
        let path = folder.file("short.kstate")
        for length in stride(from: 1, to: good.count - 4_096, by: 1_777) {
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
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let error = try #require(readAll(path))
        #expect(error.description.contains("a later kstate wrote it, in format 9"))
        bytes[63] = 1
        bytes[68] = 0  // application_id, at 68
        try Data(bytes).write(to: URL(fileURLWithPath: path))
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
