internal import CLinux
internal import Glibc

/// The terminal while a live screen owns it: alternate screen, no cursor, no echo, keys as they are pressed.
///
/// It is put back as it was found by ``restore()``, when the value ends, and by a handler when the process crashes. Nothing can
/// be done about SIGKILL; `reset` helps there.
public struct TerminalSession: ~Copyable {
    private let descriptor: Int32
    private var found: termios

    /// Alternate screen, no cursor, no line wrap; and back.
    private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let leave = "\u{1b}[?2026l\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// Takes over the terminal behind `descriptor`; nil when there is none.
    public init?(descriptor: Int32) {
        var found = termios()
        guard tcgetattr(descriptor, &found) == 0 else { return nil }
        self.descriptor = descriptor
        self.found = found
        takeOver()
    }

    deinit { kst_restore_terminal() }

    /// Takes the terminal over again, after a stop.
    public mutating func resume() { takeOver() }

    /// Puts the terminal back as it was found. May be called again.
    public func restore() { kst_restore_terminal() }

    private func takeOver() {
        var saved = found
        let leave = Array(Self.leave.utf8CString.dropLast())
        kst_remember_terminal(descriptor, &saved, leave, leave.count)
        var raw = found
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(descriptor, TCSANOW, &raw)
        let enter = Array(Self.enter.utf8)
        _ = enter.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}
