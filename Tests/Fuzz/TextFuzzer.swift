// Any bytes as the lines of every text that other tools print, and as an address beside inet_pton(3). The first byte chooses the text.

import Glibc
import KernelState

@testable import Imports

/// Hands the lines of `bytes` to `body`.
private func forEachLine(_ bytes: UnsafeRawBufferPointer, _ body: (Line) -> Void) {
    var start = 0
    var number = 0
    while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        number += 1
        body(Line(number: number, bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), isTerminated: end < bytes.count))
        start = end + 1
    }
}

/// The entries of a text, and each a second time, which must be the same.
private func entries<Parser: LineParser>(_ bytes: UnsafeRawBufferPointer, _ parser: Parser) -> [Parser.Entry] where Parser.Entry: Equatable {
    var readings: [[Parser.Entry]] = []
    for _ in 0..<2 {
        var parser = parser
        var entries: [Parser.Entry] = []
        forEachLine(bytes) { line in
            if case .entry(let entry) = parser.parse(line) { entries.append(entry) }
        }
        readings.append(entries)
    }
    precondition(readings[0] == readings[1], "two readings differ")
    return readings[0]
}

private func readServices(_ bytes: UnsafeRawBufferPointer) {
    var list = ServiceListParser()
    var save = ServiceSaveParser()
    var settings = SettingParser()
    var statistics = StatisticsParser()
    var read = 0
    forEachLine(bytes) { line in
        if case .entry = list.parse(line) { read += 1 }
        _ = save.parse(line)
        _ = settings.parse(line)
        _ = statistics.parse(line)
        _ = TextKind(recognising: line.bytes)
    }
    precondition(list.services.reduce(list.services.count) { $0 + $1.backends.count } == read)
    var merge = ServiceMerge()
    for services in [list.services, save.services] { merge.add(services) }
    precondition(Set(merge.merged.map(\.identity)).count == merge.merged.count, "a service twice")
}

/// glibc's own reading of an address decides.
private func compareAddress(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count < 64, !bytes.contains(0) else { return }
    let text = bytes.map { CChar(bitPattern: $0) } + [0]
    let family = bytes.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
    var expected = [UInt8](repeating: 0, count: family == AF_INET6 ? 16 : 4)
    let isAddress = inet_pton(family, text, &expected) == 1
    precondition(IPAddress(utf8: bytes)?.networkBytes == (isAddress ? expected : nil), "glibc reads the address otherwise")
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzText(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    switch start.pointee % 8 {
    case 0, 1:
        for flow in entries(bytes, FlowTextParser(kind: .conntrackLines, takenAt: 1 << 60)) { precondition(flow.reply.source.family == flow.family) }
    case 2: _ = entries(bytes, FlowTextParser(kind: .conntrackSave, takenAt: 0))
    case 3: _ = entries(bytes, FlowTextParser(kind: .conntrackXML, takenAt: 0))
    case 4: _ = entries(bytes, IPVSTextParser(kind: .ipvsConnectionList))
    case 5: _ = entries(bytes, IPVSTextParser(kind: .ipvsConnectionTable))
    case 6: readServices(bytes)
    default: compareAddress(bytes)
    }
    return 0
}
