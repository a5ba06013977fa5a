/// What JSON can say.
indirect enum JSONValue {
    case null
    case bool(Bool)
    case number(UInt64)
    case text(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])

    init(_ number: (some BinaryInteger)?) { self = number.map { .number(UInt64($0)) } ?? .null }
    init(_ text: (some CustomStringConvertible)?) { self = text.map { .text($0.description) } ?? .null }

    func append(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .number(let value): output.append(contentsOf: String(value).utf8)
        case .text(let text): Self.append(text, to: &output)
        case .array(let values): Self.append(values, in: ("[", "]"), to: &output) { $0.append(to: &$1) }
        case .object(let members):
            Self.append(members, in: ("{", "}"), to: &output) { member, output in
                Self.append(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.append(to: &output)
            }
        }
    }

    private static func append<Part>(
        _ parts: [Part], in brackets: (String, String), to output: inout [UInt8], _ append: (Part, inout [UInt8]) -> Void
    ) {
        output.append(contentsOf: brackets.0.utf8)
        for (index, part) in parts.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            append(part, &output)
        }
        output.append(contentsOf: brackets.1.utf8)
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: output.append(contentsOf: ("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16)).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
