internal import Glibc
public import KernelState

/// Parses /proc/net/ip_vs_conn or ip_vs_conn_sync as it is read, portion by portion: a line may be cut by a portion's end.
public struct ConnectionTableParser: Sendable {
    /// Lines that could not be read: cut short by the end of the file, or of a form that no kernel known here writes.
    public private(set) var undecodable = 0
    private var carried: [UInt8] = []
    private var hasOrigin: Bool?

    public init() {}

    /// Hands the rows of all lines that `bytes` completes to `body`.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer, _ body: (IPVSConnection) -> Void) {
        var start = 0
        while let newline = Self.newline(in: bytes, from: start) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<newline])
            if carried.isEmpty {
                parseLine(line, body)
            } else {
                carried.append(contentsOf: line)
                parseCarried(body)
            }
            start = newline + 1
        }
        carried.append(contentsOf: bytes[start...])
    }

    private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start).map { UnsafeRawPointer($0) - base }
    }

    /// Reads what is left when the file ends without a newline.
    public mutating func finish(_ body: (IPVSConnection) -> Void) {
        if !carried.isEmpty { parseCarried(body) }
    }

    private mutating func parseCarried(_ body: (IPVSConnection) -> Void) {
        let line = carried
        carried.removeAll(keepingCapacity: true)
        line.withUnsafeBytes { parseLine($0, body) }
    }

    private mutating func parseLine(_ line: UnsafeRawBufferPointer, _ body: (IPVSConnection) -> Void) {
        guard let hasOrigin else {
            // The heading: `Pro FromIP … State Origin Expires` where the rows tell their origin.
            self.hasOrigin = String(decoding: line, as: UTF8.self).split(separator: " ").contains("Origin")
            return
        }
        if line.isEmpty { return }
        var parser = ConnectionLineParser(line, hasOrigin: hasOrigin)
        if let row = parser.row() { body(row) } else { undecodable += 1 }
    }
}
