internal import Conntrack
internal import KernelState

/// Reads one entry of `conntrack -L -o save`: the command that would make it again.
///
///     -A -t 117 -u UNSET -s 10.0.0.1 -d 10.96.0.10 -g 10.244.0.5 -q 10.0.0.1 -p tcp --sport 1024 --dport 53
///       --reply-port-src 53 --reply-port-dst 1024 --state SYN_SENT
///
/// It has no mark that is 0, no counters, times, identifier and references.
struct FlowSaveParser {
    private var words: LineWords
    private var transport: TransportProtocol?
    private var original = TupleText()
    private var reply = TupleText()
    private var stateWord: Range<Int>?
    private var status: FlowStatus = []
    private var timeout: UInt32?
    private var mark: UInt32?
    private var zone: UInt16?
    private var helper: HelperName?

    init(_ line: UnsafeRawBufferPointer) { words = LineWords(line) }

    /// The entry; nil when the line is cut short or says something unreadable.
    mutating func flow() -> Flow? {
        guard let command = words.next(), words.matches(command, "-A") else { return nil }
        while let option = words.next() {
            guard let value = words.next(), take(option, value) else { return nil }
        }
        guard let transport else { return nil }
        reply.takeICMP(answering: original)
        guard let original = original.tuple(of: transport), let reply = reply.tuple(of: transport),
            original.source.family == reply.source.family
        else { return nil }
        var flow = Flow(original: original, reply: reply)
        if let stateWord {
            guard let state = StateNames.state(named: words[stateWord], of: transport) else { return nil }
            flow.state = state
        }
        flow.status = status
        flow.timeout = timeout
        flow.mark = mark ?? 0
        flow.zone = zone ?? 0
        flow.helper = helper
        return flow
    }

    private mutating func take(_ option: Range<Int>, _ value: Range<Int>) -> Bool {
        if option.count == 2 { return takeShort(words[option.lowerBound + 1], value) }
        if words.matches(option, "--state") {
            stateWord = value
            return true
        }
        if words.matches(option, "--sport") { return original.sourcePort.set(words.decimal(value)) }
        if words.matches(option, "--dport") { return original.destinationPort.set(words.decimal(value)) }
        if words.matches(option, "--reply-port-src") { return reply.sourcePort.set(words.decimal(value)) }
        if words.matches(option, "--reply-port-dst") { return reply.destinationPort.set(words.decimal(value)) }
        return takeRare(option, value)
    }

    private mutating func takeShort(_ letter: UInt8, _ value: Range<Int>) -> Bool {
        switch letter {
        case UInt8(ascii: "t"): return timeout.set(words.decimal(value))
        case UInt8(ascii: "u"): return takeStatus(value)
        case UInt8(ascii: "s"): original.source = IPAddress(utf8: words[value])
        case UInt8(ascii: "d"): original.destination = IPAddress(utf8: words[value])
        // Either a reply's address, or the one that a translation has put there.
        case UInt8(ascii: "r"), UInt8(ascii: "g"): reply.source = IPAddress(utf8: words[value])
        case UInt8(ascii: "q"), UInt8(ascii: "n"): reply.destination = IPAddress(utf8: words[value])
        case UInt8(ascii: "p"):
            transport = TransportProtocol(name: words.text(value))
            return transport != nil
        case UInt8(ascii: "m"): return mark.set(words.decimal(value))
        case UInt8(ascii: "w"): return zone.set(words.decimal(value))
        default: break  // an option of a later tool
        }
        return true
    }

    private mutating func takeRare(_ option: Range<Int>, _ value: Range<Int>) -> Bool {
        if words.matches(option, "--icmp-type") || words.matches(option, "--icmpv6-type") { return original.icmpType.set(words.decimal(value)) }
        if words.matches(option, "--icmp-code") || words.matches(option, "--icmpv6-code") { return original.icmpCode.set(words.decimal(value)) }
        if words.matches(option, "--icmp-id") || words.matches(option, "--icmpv6-id") { return original.icmpID.set(words.decimal(value)) }
        if words.matches(option, "--srckey") { return original.sourcePort.set(words.decimal(value)) }
        if words.matches(option, "--dstkey") { return original.destinationPort.set(words.decimal(value)) }
        if words.matches(option, "--reply-key-src") { return reply.sourcePort.set(words.decimal(value)) }
        if words.matches(option, "--reply-key-dst") { return reply.destinationPort.set(words.decimal(value)) }
        if words.matches(option, "--orig-zone") { return original.zone.set(words.decimal(value)) }
        if words.matches(option, "--reply-zone") { return reply.zone.set(words.decimal(value)) }
        if words.matches(option, "--helper") { helper = HelperName(words[value]) }
        return words.begins(option, "--")
    }

    private mutating func takeStatus(_ value: Range<Int>) -> Bool {
        for name in words[value].split(separator: UInt8(ascii: ",")) where !name.elementsEqual("UNSET".utf8) {
            // `FIXED_TIMEOUT` and the like by the kernel's own names.
            guard let known = FlowStatus.names.first(where: { name.elementsEqual($0.name.utf8) }) else { return false }
            status.insert(known.flag)
        }
        return true
    }
}

extension TupleText {
    /// The answer to a query has its code and identifier, and the type that answers the query's.
    fileprivate mutating func takeICMP(answering query: TupleText) {
        guard let type = query.icmpType else { return }
        icmpType = ICMPType.answer(to: type)
        icmpCode = query.icmpCode
        icmpID = query.icmpID
    }
}
