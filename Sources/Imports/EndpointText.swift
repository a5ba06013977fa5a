internal import KernelState

extension Endpoint {
    /// Reads `10.0.0.1:80` or `[fd00::1]:80`.
    init?(_ text: UnsafeRawBufferPointer) {
        guard let colon = text.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var address = text[..<colon]
        if address.first == UInt8(ascii: "["), address.last == UInt8(ascii: "]") { address = address.dropFirst().dropLast() }
        guard let address = IPAddress(utf8: UnsafeRawBufferPointer(rebasing: address)),
            let port = LineWords(text).decimal(colon + 1..<text.count).flatMap(UInt16.init(exactly:))
        else { return nil }
        self.init(address: address, port: port)
    }
}
