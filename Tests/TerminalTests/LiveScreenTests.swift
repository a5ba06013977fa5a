import KernelState
import Rendering
import Testing

@testable import Terminal

@Suite("Frames of the live screen")
struct LiveScreenTests {
    private static let sizes = [
        TerminalSize(columns: 20, rows: 5), TerminalSize(columns: 40, rows: 8), TerminalSize(columns: 80, rows: 24),
        TerminalSize(columns: 200, rows: 50),
    ]

    private func row(_ number: UInt32, _ mark: LiveMark = .none, isIPv6: Bool = false) -> LiveRow<Connection> {
        func address(_ low: UInt32) -> IPAddress {
            isIPv6 ? IPAddress(ipv6High: 0x2001_0db8_aaaa_bbbb, low: 0xcccc_dddd_0000_0000 | UInt64(low)) : IPAddress(ipv4: low)
        }
        let connection = Connection(
            transport: .tcp, client: Endpoint(address: address(0x0a00_0000 + number), port: 40_000),
            service: Endpoint(address: address(0x0ae9_0003), port: 9153),
            backend: Endpoint(address: address(0x0ae9_4701), port: 9153))
        return LiveRow(connection, mark: mark)
    }

    private func model(rows: [LiveRow<Connection>]) -> LiveModel<Column> {
        var model = LiveModel(columns: Column.standard, noun: "connections")
        model.title = "kstate conn --port 9153 --watch  node1  6.18.0  2026-11-24 04:00:00"
        model.facts = [
            (text: "conntrack  ESTABLISHED 12  SYN_SENT 3  TIME_WAIT 40", isWarning: false),
            (text: "conntrack complete, 1,000,000 read", isWarning: true),
        ]
        model.rows = rows
        model.total = rows.count
        model.sort = "service"
        return model
    }

    private func lines(_ model: LiveModel<Column>, _ size: TerminalSize, colour: Bool = false) -> [String] {
        Screen.lines(of: LiveScreen(colour: colour).frame(model, size: size))
    }

    @Test("no line is wider than the window, and there are as many as fit", arguments: sizes, [false, true])
    func fits(_ size: TerminalSize, _ isIPv6: Bool) {
        let marks: [LiveMark] = [.none, .new, .changed, .ending]
        let rows = (0..<100).map { row(UInt32($0), marks[$0 % 4], isIPv6: isIPv6) }
        for colour in [false, true] {
            let lines = lines(model(rows: rows), size, colour: colour)
            #expect(lines.count == size.rows)
            for line in lines { #expect(line.count <= size.columns, "\(line)") }
        }
    }

    @Test("a window without room for a row tells how many there are")
    func noRoom() {
        let lines = lines(model(rows: [row(1), row(2)]), TerminalSize(columns: 20, rows: 3))
        #expect(lines.last?.hasPrefix("2 connections") == true)
    }

    @Test("the smallest window still shows a row and the keys, however much there is to tell")
    func smallestWindow() {
        var model = model(rows: [row(1)])
        model.facts += (0..<6).map { (text: "notice \($0)", isWarning: true) }
        let lines = lines(model, TerminalSize(columns: 20, rows: 5))
        #expect(lines.count == 5)
        #expect(lines[3].contains("10."))
        #expect(lines[4].hasPrefix("1-1 of 1"))
    }

    @Test("where not all facts fit, the warnings stay")
    func warningsStayLongest() {
        let lines = lines(model(rows: [row(1)]), TerminalSize(columns: 40, rows: 5))
        #expect(lines[1] == "conntrack complete, 1,000,000 read")
    }

    @Test("a frame redraws in place, all at once")
    func redrawsInPlace() {
        let frame = LiveScreen(colour: true).frame(model(rows: [row(1)]), size: Self.sizes[2])
        let text = String(decoding: frame, as: UTF8.self)
        #expect(text.hasPrefix("\u{1b}[?2026h\u{1b}[H"))
        #expect(text.hasSuffix("\u{1b}[J\u{1b}[?2026l"))
        #expect(!text.contains("\u{1b}[2J"))
        #expect(text.components(separatedBy: "\u{1b}[K") == 24)
    }

    @Test("marks say what became of a row, without colour too")
    func marks() {
        let rows = [row(1), row(2, .new), row(3, .changed), row(4, .ending)]
        let lines = lines(model(rows: rows), Self.sizes[2])
        #expect(lines[4...7].map { String($0.prefix(2)) } == ["  ", "+ ", "~ ", "- "])
        #expect(lines.last?.hasPrefix("1-4 of 4") == true)
    }

    @Test("colours only where they were asked for")
    func colours() {
        let model = model(rows: [row(1, .new), row(2, .changed)])
        let coloured = String(decoding: LiveScreen(colour: true).frame(model, size: Self.sizes[2]), as: UTF8.self)
        #expect(coloured.contains("\u{1b}[32m+ "))
        #expect(coloured.contains("\u{1b}[33m~ "))
        let plain = String(decoding: LiveScreen(colour: false).frame(model, size: Self.sizes[2]), as: UTF8.self)
        #expect(!plain.contains("\u{1b}[3"))
    }

    @Test("scrolling shows the rows from the offset on")
    func scrolls() {
        var model = model(rows: (0..<100).map { row(UInt32($0)) })
        model.offset = 90
        let lines = lines(model, Self.sizes[2])
        #expect(lines[4].contains("10.0.0.90:40000"))
        #expect(lines[13].contains("10.0.0.99:40000"))
        #expect(lines.last?.hasPrefix("91-100 of 100") == true)
    }

    @Test("control characters never reach the terminal")
    func controlCharacters() {
        var model = model(rows: [])
        model.title = "evil \u{1b}]0;title\u{7}\r\n\u{9b}2J"
        let lines = lines(model, Self.sizes[2])
        #expect(lines[0] == #"evil \x1b]0;title\x07\x0d\x0a\x9b2J"#)
    }

    @Test("a frame costs what the window shows, not what the table holds")
    func costFollowsTheWindow() {
        let few = LiveScreen(colour: true).frame(model(rows: (0..<21).map { row($0) }), size: Self.sizes[2])
        let many = LiveScreen(colour: true).frame(model(rows: (0..<100_000).map { row($0) }), size: Self.sizes[2])
        #expect(abs(many.count - few.count) < 32)
    }
}

/// What a terminal would show of a frame: its lines, without the escape sequences.
private enum Screen {
    static func lines(of frame: [UInt8]) -> [String] {
        var text = ""
        var isEscape = false
        for scalar in String(decoding: frame, as: UTF8.self).unicodeScalars {
            if isEscape {
                isEscape = scalar == "[" || !("@"..."~").contains(scalar)
            } else if scalar == "\u{1b}" {
                isEscape = true
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }
}

extension String {
    /// How many pieces `separator` ends.
    fileprivate func components(separatedBy separator: String) -> Int { ranges(of: separator).count }
}
