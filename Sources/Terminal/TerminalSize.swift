internal import CLinux
internal import Glibc

/// A terminal's window, in character cells.
public struct TerminalSize: Hashable, Sendable {
    public var columns: Int
    public var rows: Int

    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// The window as the terminal tells it (`TIOCGWINSZ`), else from COLUMNS and LINES, else 80 by 24.
    public static func current(of descriptor: Int32) -> TerminalSize {
        var window = winsize()
        if kst_window_size(descriptor, &window) == 0, window.ws_col > 0, window.ws_row > 0 {
            return TerminalSize(columns: Int(window.ws_col), rows: Int(window.ws_row))
        }
        return TerminalSize(columns: variable("COLUMNS") ?? 80, rows: variable("LINES") ?? 24)
    }

    private static func variable(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
