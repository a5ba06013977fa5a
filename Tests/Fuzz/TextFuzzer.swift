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

private func read<Parser: LineParser<Void>>(_ bytes: UnsafeRawBufferPointer, _ parser: Parser) -> Parser {
    var parser = parser
    forEachLine(bytes) { _ = parser.parse($0) }
    return parser
}

/// Every link that a route or neighbour names is among the links, and no prefix is longer than its address.
private func readNetwork(_ bytes: UnsafeRawBufferPointer) {
    var network = NetworkText()
    network.add(read(bytes, LinkListParser()).links)
    network.add(read(bytes, RouteListParser()).routes)
    network.add(read(bytes, NeighbourListParser()).neighbours)
    network.add(read(bytes, ForwardingListParser()).neighbours)
    var facts = NodeFacts()
    network.join(to: &facts)
    let known = Set(facts.interfaces.map(\.index))
    precondition(facts.routes.compactMap(\.interface).allSatisfy { known.contains($0) }, "a route over a link that is not there")
    precondition(facts.neighbours.allSatisfy { known.contains($0.interface) }, "a neighbour on a link that is not there")
    let prefixes = facts.routes.map(\.destination) + facts.interfaces.flatMap(\.addresses)
    precondition(prefixes.allSatisfy { Int($0.length) <= $0.address.bitWidth })
    _ = read(bytes, KernelStatisticsParser())
    _ = read(bytes, ResolverTextParser())
    var ipvs = IPVSText(heading: bytes)
    ipvs.fill(from: read(bytes, IPVSTimeoutParser()).text)
    ipvs.fill(from: read(bytes, IPVSDaemonParser()).text)
    precondition(ipvs.daemons.count <= 2 && ipvs.facts?.daemons.count ?? 0 == ipvs.daemons.count)
    _ = DateText.time(String(decoding: bytes.prefix(100), as: UTF8.self).split(separator: " ").map(String.init))
}

/// What gzip has packed, or might have: no more than a million bytes of it.
private func unpack(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    let gzip = try? GzipStream { room in
        let count = min(rest.count, room.count, 100)
        room.copyBytes(from: UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        rest = rest.dropFirst(count)
        return count
    }
    guard let gzip else { preconditionFailure("no zlib") }
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_000, alignment: 16)
    defer { room.deallocate() }
    for _ in 0..<1_000 {
        let count = (try? gzip.read(into: room)) ?? 0
        if count == 0 { break }
    }
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
    switch start.pointee % 10 {
    case 0, 1:
        for flow in entries(bytes, FlowTextParser(kind: .conntrackLines, takenAt: 1 << 60)) { precondition(flow.reply.source.family == flow.family) }
    case 2: _ = entries(bytes, FlowTextParser(kind: .conntrackSave, takenAt: 0))
    case 3: _ = entries(bytes, FlowTextParser(kind: .conntrackXML, takenAt: 0))
    case 4: _ = entries(bytes, IPVSTextParser(kind: .ipvsConnectionList))
    case 5: _ = entries(bytes, IPVSTextParser(kind: .ipvsConnectionTable))
    case 6: readServices(bytes)
    case 7: compareAddress(bytes)
    case 8: readNetwork(bytes)
    default: unpack(bytes)
    }
    return 0
}
