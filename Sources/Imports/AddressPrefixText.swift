internal import KernelState

extension AddressPrefix {
    /// Reads `10.0.0.0/24`, or an address alone, which is its own network.
    init?(_ text: UnsafeRawBufferPointer) {
        let slash = text.firstIndex(of: UInt8(ascii: "/")) ?? text.count
        guard let address = IPAddress(utf8: UnsafeRawBufferPointer(rebasing: text[..<slash])) else { return nil }
        var length = UInt64(address.bitWidth)
        if slash < text.count {
            guard let number = LineWords(text).decimal(slash + 1..<text.count), number <= length else { return nil }
            length = number
        }
        self.init(address, length: UInt8(length))
    }
}
