import IPVS
import KernelState

/// Text of /proc/net/ip_vs_conn, ip_vs_conn_sync or ip_vs, cut into portions where the first byte says: the rows do not depend on it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProc(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let text = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    let whole = rows(of: text, portion: text.count + 1)
    let portions = rows(of: text, portion: Int(start[0]) + 1)
    precondition(whole == portions, "the rows depend on where a read ends")
    precondition(whole.rows.count + whole.undecodable <= text.count(where: { $0 == UInt8(ascii: "\n") }) + 1, "more rows than lines")
    for service in ServiceTableParser.services(in: Array(text)) { precondition(service.backends.count <= text.count) }
    return 0
}

private struct Rows: Equatable {
    var rows: [IPVSConnection] = []
    var undecodable = 0
}

private func rows(of text: UnsafeRawBufferPointer, portion: Int) -> Rows {
    var found = Rows()
    var parser = ConnectionTableParser()
    var offset = 0
    while offset < text.count {
        let end = min(offset + portion, text.count)
        parser.parse(UnsafeRawBufferPointer(rebasing: text[offset..<end])) { found.rows.append($0) }
        offset = end
    }
    parser.finish { found.rows.append($0) }
    found.undecodable = parser.undecodable
    return found
}
