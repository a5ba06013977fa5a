import KernelState
import Testing

@testable import Terminal

@Suite struct KeyboardTests {
    @Test func `letters and sequences, in whatever pieces they come`() {
        var keyboard = Keyboard()
        #expect(keyboard.keys(Array("qs p".utf8)) == [.quit, .sort, .pause, .pause])
        #expect(keyboard.keys([0x1b]) == [])
        #expect(keyboard.keys([0x5b]) == [])
        #expect(keyboard.keys([0x42, 0x6a]) == [.down, .down])
        #expect(keyboard.keys(Array("\u{1b}[5~\u{1b}[6~\u{1b}OA".utf8)) == [.pageUp, .pageDown, .up])
        #expect(keyboard.keys(Array("\u{1b}[999999999999mq".utf8)).last == .quit)
    }
}

@Suite struct LiveScreenTests {
    private func model(rows: Int) -> LiveModel {
        var model = LiveModel()
        model.title = "kstate conn --port 9153 \u{1b}[31m"
        model.facts = [("conntrack 3: SYN_SENT UNREPLIED 3", false), ("12 events lost", true)]
        model.rows = (0..<rows).map { index in
            let client = Endpoint(address: IPAddress(ipv4: UInt32(index)), port: 40_000)
            return LiveRow(
                connection: Connection(transport: .tcp, client: client, service: nil, backend: Endpoint(address: IPAddress(ipv4: 9), port: 53)),
                mark: [.none, .new, .changed, .ending][index % 4])
        }
        return model
    }

    /// The lines of a frame without their escape sequences.
    private func lines(_ frame: [UInt8]) -> [String] {
        var text = ""
        var inEscape = false
        for character in String(decoding: frame, as: UTF8.self).unicodeScalars {
            if character == "\u{1b}" {
                inEscape = true
            } else if inEscape {
                if character.value >= 0x40 && character != "[" { inEscape = false }
            } else {
                text.unicodeScalars.append(character)
            }
        }
        return text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(arguments: [(80, 24), (20, 5), (200, 50), (1, 1), (40, 3)])
    func `a frame never exceeds the window`(columns: Int, rows: Int) {
        for colour in [true, false] {
            let lines = lines(LiveScreen(colour: colour).frame(model(rows: 100), size: TerminalSize(columns: columns, rows: rows)))
            #expect(lines.count <= rows)
            for line in lines { #expect(line.count <= max(columns, 3)) }
        }
    }

    @Test func `only the rows in the window are drawn, with their marks`() {
        var many = model(rows: 100_000)
        many.offset = 50_000
        let lines = lines(LiveScreen(colour: false).frame(many, size: TerminalSize(columns: 100, rows: 12)))
        #expect(lines.count == 12)
        #expect(lines.contains { $0.hasPrefix("+ ") } && lines.contains { $0.hasPrefix("~ ") } && lines.contains { $0.hasPrefix("- ") })
        #expect(lines.last?.hasPrefix("50001-50007 of 100000") == true)
        #expect(lines[0].contains("\\x1b"))  // a title's escape is shown, not obeyed
    }

    @Test func `without colour there is no colour`() {
        let frame = String(decoding: LiveScreen(colour: false).frame(model(rows: 8), size: TerminalSize(columns: 80, rows: 24)), as: UTF8.self)
        #expect(!frame.contains("\u{1b}[3") && !frame.contains("\u{1b}[1m"))
    }
}
