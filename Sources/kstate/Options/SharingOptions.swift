import ArgumentParser
import KernelState
import Netlink
import Redaction
import Snapshots

/// What makes a snapshot fit to be handed around.
struct SharingOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Replace addresses and names, each by the same other one everywhere.",
            discussion: """
                Networks stay networks and classes stay classes, so that everything still correlates; docs/snapshot.md says what that \
                does not hide. The key of it is random and not kept.
                """))
    var redact = false

    @Option(
        help: ArgumentHelp(
            "Redact by the secret in a file, so that several files get the same names; `head -c 32 /dev/urandom` makes one.",
            valueName: "file"), completion: .file())
    var key: String?

    @Flag(help: "Compress the file (zstd), for mailing. Every command reads it as it is.")
    var compress = false

    func validate() throws {
        if key != nil, !redact { throw ValidationError("--key goes with --redact: there is nothing to replace without it") }
    }

    /// - Parameter files: those that the sources are read from, which their errors name.
    /// - Throws: why the key could not be read.
    func resolved(files: [String]) throws(KernelStateError) -> Sharing {
        guard redact else { return Sharing(redaction: nil, note: nil) }
        return Sharing(
            redaction: Redaction(try redactionKey(), fileNames: files),
            note: key == nil ? "addresses and names, by a key that was not kept" : "addresses and names, by a key")
    }

    private func redactionKey() throws(KernelStateError) -> RedactionKey {
        guard let path = key else { return .random() }
        // No more than this of what may be an endless device.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 1)
        defer { buffer.deallocate() }
        let count = try KernelFile(path: path).read(into: buffer)
        guard let key = RedactionKey(secret: Array(buffer[..<count])) else {
            throw KernelStateError(
                operation: "reading the key \(path)", cause: "it has fewer than \(RedactionKey.minimumSize) bytes",
                remedy: "make one with head -c 32 /dev/urandom > \(path)")
        }
        return key
    }
}

/// What is done to records on their way into a file.
struct Sharing {
    fileprivate let redaction: Redaction?
    fileprivate let note: String?

    func redacting(_ sources: [any StateSource]) -> [any StateSource] {
        guard let redaction else { return sources }
        return sources.map { redaction.source($0) }
    }

    func redacting(_ names: SavedNames) -> SavedNames { redaction?.redacted(names) ?? names }

    func note(in writer: SnapshotWriter) throws(KernelStateError) {
        if let note { try writer.note("redacted", note) }
    }
}
