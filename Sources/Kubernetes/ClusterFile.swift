internal import Glibc
import KernelState

/// What `kubectl get services,endpointslices,pods,nodes -A -o json` printed, in a file or a pipe.
public struct ClusterFile {
    public static let command = "kubectl get services,endpointslices,pods,nodes -A -o json"

    /// How far reading has come.
    public struct Progress: Sendable {
        public var bytesRead: Int
        /// nil for a pipe.
        public var bytesInAll: Int?
        public var objects: Int
    }

    private let path: String
    private var operation: String { "reading names from \(path)" }

    public init(path: String) {
        self.path = path
    }

    /// Reads the file to its end. What is broken in it costs no more than itself, and is said.
    ///
    /// - Parameter progress: called now and then, on the calling thread.
    public func read(progress: (Progress) -> Void = { _ in }) -> ClusterAnswer {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return ClusterAnswer(problem: systemError(errno)) }
        defer { close(descriptor) }
        var reader = ObjectReader()
        var problem: KernelStateError?
        do throws(KernelStateError) {
            try read(descriptor, into: &reader, progress)
        } catch {
            problem = error
        }
        let builder = reader.takeBuilder()
        problem = problem ?? emptiness(builder, reader)
        return ClusterAnswer(builder, problems: [problem?.description].compactMap { $0 } + (reader.lost > 0 ? [lossNote(reader)] : []))
    }

    private func read(
        _ descriptor: Int32, into reader: inout ObjectReader, _ progress: (Progress) -> Void
    ) throws(KernelStateError) {
        var state = Progress(bytesRead: 0, bytesInAll: size(of: descriptor), objects: 0)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw systemError(errno) }
            if count == 0 { break }
            var bytes = UnsafeRawBufferPointer(rebasing: chunk[..<count])
            if state.bytesRead == 0, bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = UnsafeRawBufferPointer(rebasing: bytes[3...]) }
            do throws(ItemScanner.Failure) {
                try reader.feed(bytes)
            } catch {
                throw notJSON(error, beginning: state.bytesRead == 0 ? bytes : nil, objects: reader.items)
            }
            state.bytesRead += count
            state.objects = reader.items
            progress(state)
        }
        if state.bytesRead == 0 {
            throw KernelStateError(operation: operation, cause: "it is empty", remedy: "write it with `\(ClusterFile.command) > \(path)`")
        }
        if !reader.isBetweenDocuments {
            let place = reader.isInsideItem ? "in the middle of object \(reader.items + 1)" : "before its list is closed"
            throw KernelStateError(
                operation: operation, cause: "it is truncated, it ends \(place)",
                remedy: "the \(reader.items) objects before are used; write it again for the rest")
        }
    }

    /// Nothing to make names from is a problem even when every byte was read.
    private func emptiness(_ builder: NameBuilder, _ reader: ObjectReader) -> KernelStateError? {
        guard builder.count == 0, reader.lost == 0 else { return nil }
        let kinds = builder.otherKinds.sorted { $0.key < $1.key }.map { "\($0.value) of kind \($0.key.isEmpty ? "(none)" : $0.key)" }
        let what = kinds.isEmpty ? "it holds no objects" : "it holds nothing but \(kinds.joined(separator: ", "))"
        return KernelStateError(operation: operation, cause: what, remedy: "write it with `\(ClusterFile.command) > \(path)`")
    }

    private func lossNote(_ reader: ObjectReader) -> String {
        "\(operation): \(reader.lost) of \(reader.items) objects are left out, the rest is used"
    }

    private func notJSON(_ failure: ItemScanner.Failure, beginning: UnsafeRawBufferPointer?, objects: Int) -> KernelStateError {
        let form = objects == 0 ? beginning.flatMap { OtherForm(beginning: $0) } : nil
        switch (form, failure.cause) {
        case (.yaml?, _):
            return KernelStateError(operation: operation, cause: "it is YAML", remedy: "use -o json: `\(ClusterFile.command)`")
        case (.kubeconfig?, _):
            return KernelStateError(operation: operation, cause: "it is a kubeconfig", remedy: "give it as KUBECONFIG=\(path) with --kube auto")
        case (.gzip?, _):
            return KernelStateError(operation: operation, cause: "it is compressed", remedy: "give it as it is after `gunzip`")
        case (nil, .tooLarge):
            return KernelStateError(
                operation: operation, cause: "one value is larger than any object of a cluster",
                remedy: "give what `\(ClusterFile.command)` prints")
        case (nil, .unexpectedByte(let byte)):
            let shown = (0x21...0x7e).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "the value \(byte)"
            let remedy = objects == 0 ? "give what `\(ClusterFile.command)` prints" : "the \(objects) objects before are used"
            return KernelStateError(operation: operation, cause: "it is not JSON, byte \(failure.offset) is \(shown)", remedy: remedy)
        }
    }

    private func systemError(_ code: Int32) -> KernelStateError {
        KernelStateError(failed: operation, errno: code)
    }

    private func size(of descriptor: Int32) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }
}

/// What is often given in place of JSON, told by its first bytes.
private enum OtherForm {
    case yaml, kubeconfig, gzip

    init?(beginning: UnsafeRawBufferPointer) {
        if beginning.starts(with: [0x1f, 0x8b]) {
            self = .gzip
            return
        }
        let text = String(decoding: beginning.prefix(4096), as: UTF8.self)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        guard let first = lines.first, first.hasPrefix("---") || first.contains(": ") || first.hasSuffix(":") || first.hasPrefix("- ")
        else { return nil }
        let isKubeconfig = lines.contains { $0.hasPrefix("kind: Config") && !$0.hasPrefix("kind: ConfigM") } || text.contains("\ncurrent-context:")
        self = isKubeconfig ? .kubeconfig : .yaml
    }
}
