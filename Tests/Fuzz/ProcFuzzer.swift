// Any bytes as /proc/net/ip_vs_conn and as /proc/net/ip_vs. The first byte chooses the portions that the file comes in.

import IPVS
import KernelState

private struct Reading: Equatable {
    var rows: [IPVSConnection] = []
    var undecodable = 0
}

/// Reads `bytes` in portions of lengths made from `seed`, or in one.
private func read(_ bytes: UnsafeRawBufferPointer, seed: UInt8?) -> Reading {
    var reading = Reading()
    var parser = ConnectionTableParser()
    var state = UInt32(seed ?? 0) | 1
    var start = 0
    while start < bytes.count {
        state = state &* 1_664_525 &+ 1_013_904_223
        let length = seed == nil ? bytes.count : min(bytes.count - start, 1 + Int(state >> 24) % 97)
        parser.parse(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])) { reading.rows.append($0) }
        start += length
    }
    parser.finish { reading.rows.append($0) }
    reading.undecodable = parser.undecodable
    return reading
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzProc(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let file = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    let whole = read(file, seed: nil)
    precondition(read(file, seed: start.pointee) == whole, "the portions changed what was read")
    let lines = file.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    precondition(whole.rows.count + whole.undecodable <= lines, "more rows than lines")
    let services = ServiceTableParser.services(in: Array(file))
    precondition(services.reduce(services.count) { $0 + $1.backends.count } <= lines, "more services and backends than lines")
    precondition(ServiceTableParser.services(in: Array(file)) == services)
    return 0
}
