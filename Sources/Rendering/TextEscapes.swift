internal import KernelState

extension [UInt8] {
    /// Appends `text` with its quotes, as JSON demands.
    public mutating func appendJSON(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0..<0x20, 0x7f:
                append(contentsOf: "\\u00".utf8)
                if byte < 0x10 { append(UInt8(ascii: "0")) }
                appendHexadecimal(UInt64(byte))
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Appends `text` with its control characters as `\xNN`: names come from outside, and a terminal would obey them.
    public mutating func appendVisible(_ text: String) {
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) {
                append(contentsOf: "\\x".utf8)
                if scalar.value < 0x10 { append(UInt8(ascii: "0")) }
                appendHexadecimal(UInt64(scalar.value))
            } else {
                append(contentsOf: String(scalar).utf8)
            }
        }
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
