import Testing

@testable import Terminal

@Suite("Keys from a terminal's bytes")
struct KeyboardTests {
    private func keys(_ pieces: String...) -> [Key] {
        var keyboard = Keyboard()
        return pieces.flatMap { keyboard.keys(Array($0.utf8)) }
    }

    @Test("letters, and what other programs use for quitting")
    func letters() {
        #expect(keys("qs p") == [.quit, .sort, .pause, .pause])
        #expect(keys("jkgG") == [.down, .up, .home, .end])
        #expect(keys("\u{3}") == [.quit])
    }

    @Test("cursor keys in both of the forms that terminals send")
    func cursorKeys() {
        #expect(keys("\u{1b}[A\u{1b}[B\u{1b}OA\u{1b}OB") == [.up, .down, .up, .down])
        #expect(keys("\u{1b}[5~\u{1b}[6~") == [.pageUp, .pageDown])
        #expect(keys("\u{1b}[H\u{1b}[F\u{1b}[1~\u{1b}[4~") == [.home, .end, .home, .end])
    }

    @Test("a sequence that comes a byte at a time is still one key")
    func piecemeal() {
        #expect(keys("\u{1b}", "[", "A") == [.up])
        #expect(keys("\u{1b}[", "6", "~") == [.pageDown])
    }

    @Test("a sequence that means nothing here is swallowed whole")
    func unknownSequences() {
        #expect(keys("\u{1b}[1;5Cq") == [.quit])
        #expect(keys("\u{1b}[15~j") == [.down])
    }

    @Test("an escape that nothing followed does not spoil the next sequence")
    func abandonedEscape() {
        #expect(keys("\u{1b}\u{1b}[B") == [.down])
        #expect(keys("\u{1b}[\u{1b}[B") == [.down])
    }

    @Test("bytes that are no key do nothing")
    func noise() {
        #expect(keys("xyz\u{0}\u{7f}é").isEmpty)
    }
}
