internal import Conntrack
internal import Glibc
public import KernelState

/// A file that was recognised as what another tool has printed.
public struct SavedText: Sendable {
    /// Lines that are looked at to recognise a text: headings, and entries of which some may be unreadable.
    private static let linesLookedAt = 24
    /// Nanoseconds: an hour.
    private static let longestReport: UInt64 = 3_600_000_000_000

    public let path: String
    public let kind: TextKind
    /// True when its entries have what others of its kind lack: the kernel's identifier, or who made an IPVS connection.
    let isFuller: Bool
    /// Of the file, in bytes.
    public let size: Int
    /// When the text was made, in nanoseconds since 1970: when the file was last written, where nothing else tells.
    public private(set) var modifiedAt: UInt64

    /// - Returns: nil where the file's first lines are of none of the texts that are known here.
    /// - Throws: when it cannot be read.
    public init?(path: String) throws(KernelStateError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw KernelStateError(failed: "reading \(path)", errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG, let (kind, isFuller) = try Self.kind(path) else { return nil }
        self.path = path
        self.kind = kind
        self.isFuller = isFuller
        size = Int(status.st_size)
        modifiedAt = UInt64(max(0, status.st_mtim.tv_sec)) * 1_000_000_000 + UInt64(status.st_mtim.tv_nsec)
    }

    /// The same text, made when the node's clock was `time`, where the file's own time is further from it than a report takes: that
    /// is when somebody copied it.
    func dated(by time: UInt64?) -> SavedText {
        guard let time, max(time, modifiedAt) - min(time, modifiedAt) > Self.longestReport else { return self }
        var text = self
        text.modifiedAt = time
        return text
    }

    private static func kind(_ path: String) throws(KernelStateError) -> (TextKind, isFuller: Bool)? {
        let reader = try LineReader(path: path)
        var endsList = false
        while let line = try reader.next(), line.number <= linesLookedAt {
            if line.bytes.contains(0) { return nil }
            // It stands first where standard error was saved too, whatever the format; of an empty table it is all there is.
            if TextKind.isCount(line.bytes) { endsList = true }
            guard let kind = TextKind(recognising: line.bytes) else { continue }
            return (kind, isFuller(line.bytes, kind))
        }
        return endsList ? (.conntrackLines, false) : nil
    }

    /// What the line tells by which a text was recognised.
    private static func isFuller(_ line: UnsafeRawBufferPointer, _ kind: TextKind) -> Bool {
        switch kind {
        case .conntrackLines:
            var parser = FlowLineParser(line, takenAt: 0)
            return parser.flow()?.id ?? 0 != 0
        case .ipvsConnectionTable: return IPVSTextParser.tellsOrigin(line)
        default: return false
        }
    }
}
