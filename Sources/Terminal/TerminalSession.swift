internal import CLinux
internal import Glibc

/// The terminal while a live screen owns it: alternate screen, no cursor, no echo, keys as they are pressed.
///
/// It is put back as it was found by ``restore()``, when the value ends, and by a handler when the process crashes. What no
/// process lives to see, SIGKILL above all, a guardian does: a second process, which the session starts and ends, and which
/// waits for the first one's end. One session at a time.
public struct TerminalSession: ~Copyable {
    private let descriptor: Int32

    /// Alternate screen, no cursor, no line wrap; and back.
    private static let enter = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l"
    private static let leave = "\u{1b}[?2026l\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"

    /// Takes over the terminal behind `descriptor`; nil when there is none.
    public init?(descriptor: Int32) {
        var found = termios()
        guard tcgetattr(descriptor, &found) == 0 else { return nil }
        self.descriptor = descriptor
        var taken = found
        taken.c_lflag &= ~tcflag_t(ICANON | ECHO)
        kst_guard_terminal(descriptor, &found, &taken, Self.leave, Self.leave.utf8.count)
        resume()
    }

    deinit {
        kst_restore_terminal()
        kst_dismiss_guardian()
    }

    /// Takes the terminal over again, after a stop.
    public func resume() { kst_take_terminal(descriptor, Self.enter, Self.enter.utf8.count) }

    /// Puts the terminal back as it was found. May be called again.
    public func restore() { kst_restore_terminal() }
}
