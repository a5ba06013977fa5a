internal import CLinux
internal import Glibc

/// A key that the live screen knows.
public enum Key: Hashable, Sendable {
    case quit, sort, pause, up, down, pageUp, pageDown, home, end
}

/// Turns a terminal's bytes into keys, an escape sequence's in whatever pieces they come.
public struct Keyboard: Sendable {
    private var pending: [UInt8] = []

    public init() {}

    /// Reads what has been typed, without waiting.
    public mutating func read(descriptor: Int32) -> [Key] {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 0) == 1 else { return [] }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? keys(bytes[..<count]) : []
    }

    /// The keys that `bytes` complete.
    public mutating func keys(_ bytes: some Sequence<UInt8>) -> [Key] {
        bytes.compactMap { key($0) }
    }

    private mutating func key(_ byte: UInt8) -> Key? {
        if !pending.isEmpty || byte == 0x1b { return sequence(byte) }
        switch byte {
        case UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4: return .quit
        case UInt8(ascii: "s"): return .sort
        case UInt8(ascii: "p"), UInt8(ascii: " "): return .pause
        case UInt8(ascii: "k"): return .up
        case UInt8(ascii: "j"): return .down
        case UInt8(ascii: "g"): return .home
        case UInt8(ascii: "G"): return .end
        default: return nil
        }
    }

    /// `ESC [ … final`, of which an escape begins a new one.
    private mutating func sequence(_ byte: UInt8) -> Key? {
        if byte == 0x1b {
            pending = [byte]
            return nil
        }
        pending.append(byte)
        if pending.count == 2, byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") { return nil }
        guard (0x40...0x7e).contains(byte) || pending.count > 8 else { return nil }
        let text = String(decoding: pending.dropFirst(), as: UTF8.self)
        pending = []
        switch text {
        case "[A", "OA": return .up
        case "[B", "OB": return .down
        case "[5~": return .pageUp
        case "[6~": return .pageDown
        case "[H", "OH", "[1~": return .home
        case "[F", "OF", "[4~": return .end
        default: return nil
        }
    }
}
