internal import KernelState

extension Line {
    /// Hands out the parts of a line of `ip`, which with `-o` writes a backslash where a line would end.
    ///
    /// - Parameter body: takes a part, and whether it begins something: what tells more of it is indented.
    /// - Returns: unreadable where a part is, and what is behind that is not handed out.
    func takeParts(_ body: (UnsafeRawBufferPointer, _ isBeginning: Bool) -> LineResult<Void>) -> LineResult<Void> {
        var told = false
        for (number, part) in bytes.split(separator: UInt8(ascii: "\\")).enumerated() {
            let isBeginning = number == 0 && bytes[0] != UInt8(ascii: " ") && bytes[0] != UInt8(ascii: "\t")
            switch body(UnsafeRawBufferPointer(rebasing: part), isBeginning) {
            case .entry: told = true
            case .nothing: break
            case .unreadable: return .unreadable
            }
        }
        return told ? .entry(()) : .nothing
    }
}
