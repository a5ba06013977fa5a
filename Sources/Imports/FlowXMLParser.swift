internal import Conntrack
internal import KernelState

/// Reads one entry of `conntrack -L -o xml`, which has each on a line of its own.
///
///     <flow><meta direction="original"><layer3 protonum="2" protoname="ipv4"><src>10.0.0.1</src>…</flow>
///
/// It tells neither the types and identifiers of ICMP nor, in names that only the node's connlabel.conf knows, the labels' bits.
struct FlowXMLParser {
    private var tags: TagCursor
    private var transport: TransportProtocol?
    private var tuples = (original: TupleText(), reply: TupleText())
    private var section = Section.none
    private var flow = Flow.none
    private var stateName: UnsafeRawBufferPointer?

    private enum Section { case none, original, reply, independent }

    init(_ line: UnsafeRawBufferPointer) { tags = TagCursor(line) }

    /// The entry; nil when the line is cut short or says something unreadable.
    mutating func entry() -> Flow? {
        guard let first = tags.next(), first.isNamed("flow") else { return nil }
        flow.status = .seenReply
        var ended = false
        while let tag = tags.next() {
            guard take(tag) else { return nil }
            if tag.isNamed("/flow") { ended = true }
        }
        guard ended, let transport, let original = tuples.original.tuple(of: transport), let reply = tuples.reply.tuple(of: transport),
            original.source.family == reply.source.family
        else { return nil }
        flow.original = original
        flow.reply = reply
        flow.counters = FlowCounters(tuples.original, tuples.reply)
        if let stateName {
            guard let state = StateNames.state(namedInXML: stateName, of: transport) else { return nil }
            flow.state = state
        }
        return flow
    }

    private mutating func take(_ tag: Tag) -> Bool {
        if tag.isNamed("meta") { return enter(tag) }
        if tag.isNamed("layer4") {
            let number = tag.attribute("protonum").flatMap { LineWords($0).decimal($0.indices) }.flatMap(UInt8.init(exactly:))
            defer { transport = number.map(TransportProtocol.init(rawValue:)) }
            return number != nil && (transport == nil || transport?.rawValue == number)
        }
        switch section {
        case .original: return tuples.original.take(tag)
        case .reply: return tuples.reply.take(tag)
        case .independent: return takeIndependent(tag)
        case .none: return true
        }
    }

    private mutating func enter(_ tag: Tag) -> Bool {
        guard let name = tag.attribute("direction") else { return false }
        if name.elementsEqual("original".utf8) {
            section = .original
        } else if name.elementsEqual("reply".utf8) {
            section = .reply
        } else {
            section = .independent
        }
        return true
    }

    private mutating func takeIndependent(_ tag: Tag) -> Bool {
        if tag.isNamed("state") {
            stateName = tag.text
        } else if tag.isNamed("timeout") {
            return flow.timeout.set(tag.decimal)
        } else if tag.isNamed("mark") {
            return flow.mark.set(tag.decimal)
        } else if tag.isNamed("zone") {
            return flow.zone.set(tag.decimal)
        } else if tag.isNamed("use") {
            return flow.use.set(tag.decimal)
        } else if tag.isNamed("id") {
            return flow.id.set(tag.decimal)
        } else if tag.isNamed("start") {
            return flow.start.set(tag.decimal)
        } else if tag.isNamed("stop") {
            return flow.stop.set(tag.decimal)
        } else if tag.isNamed("helper") {
            flow.helper = HelperName(tag.text)
        } else if tag.isNamed("unreplied/") {
            flow.status.remove(.seenReply)
        } else if tag.isNamed("assured/") {
            flow.status.insert(.assured)
        }
        return true
    }
}

extension Flow {
    /// An entry of which nothing has been read yet.
    fileprivate static var none: Flow {
        let tuple = Tuple(source: .unspecified(.ipv4), destination: .unspecified(.ipv4), transport: .ip, detail: .none)
        return Flow(original: tuple, reply: tuple)
    }
}

extension TupleText {
    fileprivate mutating func take(_ tag: Tag) -> Bool {
        if tag.isNamed("src") {
            source = IPAddress(utf8: tag.text)
            return source != nil
        }
        if tag.isNamed("dst") {
            destination = IPAddress(utf8: tag.text)
            return destination != nil
        }
        if tag.isNamed("sport") { return sourcePort.set(tag.decimal) }
        if tag.isNamed("dport") { return destinationPort.set(tag.decimal) }
        if tag.isNamed("srckey") { return sourcePort.set(tag.hexadecimal) }
        if tag.isNamed("dstkey") { return destinationPort.set(tag.hexadecimal) }
        if tag.isNamed("packets") { return packets.set(tag.decimal) }
        if tag.isNamed("bytes") { return bytes.set(tag.decimal) }
        return tag.isNamed("zone") ? zone.set(tag.decimal) : true
    }
}
