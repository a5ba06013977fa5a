import CLinux
import Glibc
import KernelState
import Testing

@testable import Terminal

/// One at a time: what a crash restores is remembered once a process.
@Suite("The terminal is left as it was found", .serialized)
struct TerminalSessionTests {
    @Test("a session takes the terminal over and puts it back")
    func restores() throws {
        let terminal = try PseudoTerminal()
        let found = terminal.modes
        let session = try terminal.session()
        #expect(terminal.modes.c_lflag & tcflag_t(ICANON | ECHO) == 0)
        #expect(terminal.modes.c_lflag & tcflag_t(ISIG) == found.c_lflag & tcflag_t(ISIG))
        #expect(terminal.written() == "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l")
        session.restore()
        #expect(terminal.written() == "\u{1b}[?2026l\u{1b}[0m\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l")
        #expect(terminal.modes.isSame(as: found))
        session.restore()
        #expect(terminal.written().isEmpty)
    }

    @Test("a session that ends puts the terminal back by itself")
    func restoresAtItsEnd() throws {
        let terminal = try PseudoTerminal()
        let found = terminal.modes
        do {
            _ = try terminal.session()
        }
        #expect(terminal.modes.isSame(as: found))
        #expect(terminal.written().hasSuffix("\u{1b}[?1049l"))
    }

    @Test("after a stop the terminal is taken over again, and restored to what it was first")
    func resumes() throws {
        let terminal = try PseudoTerminal()
        let found = terminal.modes
        let session = try terminal.session()
        session.restore()
        session.resume()
        #expect(terminal.modes.c_lflag & tcflag_t(ICANON | ECHO) == 0)
        session.restore()
        #expect(terminal.modes.isSame(as: found))
    }

    @Test("a crash is handled on a stack of its own, so that an overflow of the thread's can be", arguments: [SIGSEGV, SIGBUS, SIGABRT])
    func handlesCrashesOnAnotherStack(_ number: Int32) throws {
        let terminal = try PseudoTerminal()
        let session = try terminal.session()
        var action = sigaction()
        try #require(sigaction(number, nil, &action) == 0)
        #expect(action.sa_flags & SA_ONSTACK != 0)
        var stack = stack_t()
        try #require(sigaltstack(nil, &stack) == 0)
        #expect(stack.ss_flags & Int32(SS_DISABLE) == 0)
        #expect(stack.ss_size >= 65_536)
        session.restore()
    }

    @Test("no session without a terminal")
    func needsATerminal() {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        defer { for end in ends { close(end) } }
        var isRefused = true
        if let _ = TerminalSession(descriptor: ends[1]) { isRefused = false }
        #expect(isRefused)
    }

    @Test("signals come in as something to read")
    func signals() throws {
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let queue = try SignalQueue()
        #expect(queue.read().isEmpty)
        for number in [SIGWINCH, SIGTSTP, SIGTERM] { raise(number) }
        #expect(Set(queue.read()) == [.resized, .stop, .end])
        raise(SIGCONT)
        #expect(queue.read() == [.resumed])
        #expect(queue.read().isEmpty)
    }

    @Test("the window's size is the terminal's own")
    func size() throws {
        let terminal = try PseudoTerminal()
        var window = winsize(ws_row: 33, ws_col: 101, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal.user, UInt(TIOCSWINSZ), &window) == 0)
        #expect(TerminalSize.current(of: terminal.user) == TerminalSize(columns: 101, rows: 33))
    }
}

private struct NotATerminal: Error {}

/// Both ends of a terminal that no one sits at.
private final class PseudoTerminal {
    let user: Int32
    private let master: Int32

    init() throws {
        var ends: (master: Int32, user: Int32) = (-1, -1)
        try #require(openpty(&ends.master, &ends.user, nil, nil, nil) == 0)
        (master, user) = ends
        try #require(fcntl(master, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit {
        close(user)
        close(master)
    }

    func session() throws -> TerminalSession {
        guard let session = TerminalSession(descriptor: user) else { throw NotATerminal() }
        return session
    }

    var modes: termios {
        var modes = termios()
        tcgetattr(user, &modes)
        return modes
    }

    /// What has been written to the terminal since this was last asked.
    func written() -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(master, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}

extension termios {
    fileprivate func isSame(as other: termios) -> Bool {
        c_iflag == other.c_iflag && c_oflag == other.c_oflag && c_cflag == other.c_cflag && c_lflag == other.c_lflag
    }
}
