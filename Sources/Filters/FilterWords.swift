public import KernelState

// The values of options that are words or numbers, read with an error that says what would be right.

extension ConnectionFilter {
    /// Reads `tcp,udp`, names or numbers, as often as it was given.
    public static func protocols(_ texts: [String]) throws(FilterError) -> Set<TransportProtocol> {
        var protocols: Set<TransportProtocol> = []
        for word in try words(texts, option: "--protocol") {
            guard let known = TransportProtocol(name: word) else {
                let names = TransportProtocol.named.map(\.name).joined(separator: ", ")
                throw FilterError("--protocol \(word): unknown; give \(names), or a number to 255")
            }
            protocols.insert(known)
        }
        return protocols
    }

    /// Reads `SYN_SENT,UNREPLIED`, in any case, as often as it was given.
    public static func states(_ texts: [String]) throws(FilterError) -> Set<String> {
        var states: Set<String> = []
        for word in try words(texts, option: "--state") {
            let name = word.uppercased()
            guard FlowState.allNames.contains(name) || IPVSState.known.contains(name) || marks[name] != nil else {
                let names = FlowState.allNames.union(IPVSState.known).union(marks.keys).sorted().joined(separator: " ")
                throw FilterError("--state \(word): neither table has such a state; there are \(names)")
            }
            states.insert(name)
        }
        return states
    }

    /// Reads `VALUE[/MASK]`, decimal or 0x-hexadecimal.
    public static func mark(_ text: String) throws(FilterError) -> KernelWalk.Masked {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let value = number(parts[0]), let mask = parts.count == 2 ? number(parts[1]) : UInt32.max else {
            throw FilterError("--mark \(text): give VALUE or VALUE/MASK, as 0x4000/0xc000")
        }
        guard value & mask == value else {
            throw FilterError("--mark \(text): the value has bits outside the mask, so nothing can match")
        }
        return KernelWalk.Masked(value: value, mask: mask)
    }

    private static func number(_ text: Substring) -> UInt32? {
        text.lowercased().hasPrefix("0x") ? UInt32(text.dropFirst(2), radix: 16) : UInt32(text)
    }

    private static func words(_ texts: [String], option: String) throws(FilterError) -> [Substring] {
        var words: [Substring] = []
        for text in texts {
            words += text.split(separator: ",", omittingEmptySubsequences: false)
            if words.contains(where: \.isEmpty) { throw FilterError("\(option) '\(text)': an empty entry") }
        }
        return words
    }
}
