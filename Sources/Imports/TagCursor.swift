internal import KernelState

/// A tag of XML, and the text that follows it up to the next.
struct Tag {
    /// Between its brackets: `meta direction="reply"`, `/meta`, `assured/`.
    var content: UnsafeRawBufferPointer
    var text: UnsafeRawBufferPointer

    /// True when the name, with the slash of an end before or after it, is this.
    func isNamed(_ name: StaticString) -> Bool {
        let length = name.utf8CodeUnitCount
        guard content.count >= length, content.count == length || content[length] == UInt8(ascii: " ") else { return false }
        return LineWords(content).begins(0..<length, name)
    }

    /// The value of the attribute `name`, without its quotes.
    func attribute(_ name: StaticString) -> UnsafeRawBufferPointer? {
        var words = LineWords(content)
        while let word = words.next() {
            guard words.begins(word, name) else { continue }
            let start = word.lowerBound + name.utf8CodeUnitCount
            guard start + 2 <= word.upperBound - 1, words[start] == UInt8(ascii: "="), words[start + 1] == UInt8(ascii: "\""),
                words[word.upperBound - 1] == UInt8(ascii: "\"")
            else { return nil }
            return words[start + 2..<word.upperBound - 1]
        }
        return nil
    }

    /// The text as a decimal number.
    var decimal: UInt64? { LineWords(text).decimal(text.indices) }

    /// The text as a number such as `0x2a`.
    var hexadecimal: UInt64? {
        let words = LineWords(text)
        return words.begins(text.indices, "0x") && text.count > 2 ? words.hexadecimal(2..<text.count) : nil
    }
}

/// Walks the tags of a line of XML as conntrack writes it: no comments, no entities but in names that nobody asks for.
struct TagCursor {
    private let line: UnsafeRawBufferPointer
    private var position = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    mutating func next() -> Tag? {
        guard let open = index(of: UInt8(ascii: "<"), from: position), let close = index(of: UInt8(ascii: ">"), from: open) else { return nil }
        let end = index(of: UInt8(ascii: "<"), from: close) ?? line.count
        position = end
        return Tag(
            content: UnsafeRawBufferPointer(rebasing: line[open + 1..<close]), text: UnsafeRawBufferPointer(rebasing: line[close + 1..<end]))
    }

    private func index(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < line.count {
            if line[index] == byte { return index }
            index += 1
        }
        return nil
    }
}
