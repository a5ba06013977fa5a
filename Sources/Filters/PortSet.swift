/// A few ports, asked for once an entry.
public struct PortSet: Hashable, Sendable {
    public let ports: [UInt16]

    /// Reads `53,9153`, as often as it was given.
    public init(_ texts: [String]) throws(FilterError) {
        var ports: Set<UInt16> = []
        for text in texts {
            for word in text.split(separator: ",", omittingEmptySubsequences: false) {
                guard let port = UInt16(word), port != 0 else { throw PortSet.error(word, of: text) }
                ports.insert(port)
            }
        }
        self.ports = ports.sorted()
    }

    static func error(_ word: Substring, of text: String) -> FilterError {
        if word.isEmpty { return FilterError("--port '\(text)': an empty entry; give numbers such as 53,9153") }
        if Int(word) != nil { return FilterError("--port \(word): ports are 1 to 65535") }
        return FilterError("--port \(word): not a number; give the port's number, as 53 for dns")
    }

    public var isEmpty: Bool { ports.isEmpty }

    @inlinable
    public func contains(_ port: UInt16) -> Bool {
        for candidate in ports where candidate == port { return true }
        return false
    }

    func contains(_ port: UInt16?) -> Bool { port.map { contains($0) } ?? false }
}
