public import KernelState

/// Reads one entry of `conntrack -L`, in any of its formats that has an entry's fields in a row, or of /proc/net/nf_conntrack.
///
///     tcp      6 117 SYN_SENT src=10.0.0.1 dst=10.96.0.10 sport=1024 dport=53 [UNREPLIED] src=… mark=0 use=1
///     ipv4     2 tcp      6 117 SYN_SENT src=…                       (-o extended, /proc/net/nf_conntrack)
///
/// An entry without a timeout is an offloaded one. `delta-time` tells an entry's age, and with it its start; `[start=…]` is in the
/// time of a zone that nothing names, and is passed over, as are the names of labels, whose bits only the node's connlabel.conf knows.
public struct FlowLineParser {
    private var words: LineWords
    private let takenAt: UInt64
    private var transport = TransportProtocol.ip
    /// True where the kernel tracks the protocol by addresses alone, and has no name for it.
    private var isUnknown = false
    /// The first of the two tuples, once the second has begun.
    private var original: TupleText?
    /// The tuple that the words are of, once one has begun.
    private var tuple = TupleText()
    private var tuples = 0
    private var state: FlowState?
    private var status: FlowStatus = .seenReply
    private var timeout: UInt32?
    private var mark: UInt32 = 0
    private var zone: UInt16 = 0
    private var id: UInt32 = 0
    private var use: UInt32 = 0
    private var start: UInt64?
    private var helper: HelperName?

    /// Prepares to read one line, which must outlive the parser.
    ///
    /// - Parameters:
    ///   - line: without its end.
    ///   - takenAt: when the text was made, in nanoseconds since 1970.
    public init(_ line: UnsafeRawBufferPointer, takenAt: UInt64) {
        words = LineWords(line)
        self.takenAt = takenAt
    }

    /// The entry; nil when the line is cut short or says something unreadable.
    public mutating func flow() -> Flow? {
        guard takeProtocol() else { return nil }
        while let word = words.next() { guard take(word) else { return nil } }
        guard let originalText = original, let original = originalText.tuple(of: transport, isUnknown: isUnknown),
            let reply = tuple.tuple(of: transport, isUnknown: isUnknown), original.source.family == reply.source.family
        else { return nil }
        var flow = Flow(original: original, reply: reply)
        flow.state = state
        flow.status = status
        flow.timeout = timeout
        flow.mark = mark
        flow.zone = zone
        flow.id = id
        flow.use = use
        flow.counters = FlowCounters(originalText, tuple)
        flow.start = start
        flow.helper = helper
        return flow
    }

    /// The protocols of both layers, each a name and a number.
    private mutating func takeProtocol() -> Bool {
        guard var name = words.next() else { return false }
        if words.matches(name, "ipv4") || words.matches(name, "ipv6") {
            guard words.next().flatMap(words.decimal) != nil, let next = words.next() else { return false }
            name = next
        }
        guard words[name.lowerBound] | 0x20 &- 0x61 < 26, !words[name].contains(UInt8(ascii: "=")),
            let number = words.next().flatMap(words.decimal).flatMap(UInt8.init(exactly:))
        else { return false }
        transport = TransportProtocol(rawValue: number)
        isUnknown = words.matches(name, "unknown")
        return true
    }

    @inline(__always)
    private mutating func take(_ word: Range<Int>) -> Bool {
        if words[word.lowerBound] == UInt8(ascii: "[") { return takeFlag(word) }
        var equals = word.lowerBound
        while equals < word.upperBound, words[equals] != UInt8(ascii: "=") { equals += 1 }
        if equals < word.upperBound { return take(word.lowerBound..<equals, value: equals + 1..<word.upperBound) }
        guard tuples == 0 else { return false }
        if timeout == nil, state == nil, let seconds = words.decimal(word) {
            timeout = UInt32(exactly: seconds)
            return timeout != nil
        }
        guard state == nil else { return false }
        state = StateNames.state(named: words[word], of: transport)
        return state != nil
    }

    private mutating func takeFlag(_ word: Range<Int>) -> Bool {
        if words.matches(word, "[UNREPLIED]") {
            status.remove(.seenReply)
        } else if words.matches(word, "[ASSURED]") {
            status.insert(.assured)
        } else if words.matches(word, "[OFFLOAD]") {
            status.insert(.offload)
        } else if words.matches(word, "[HW_OFFLOAD]") {
            status.insert([.offload, .hardwareOffload])
        } else if words.begins(word, "[start=") || words.begins(word, "[stop=") {
            var last = word
            while words[last.upperBound - 1] != UInt8(ascii: "]") {
                guard let next = words.next() else { return false }
                last = next
            }
        } else {
            return false
        }
        return true
    }

    /// Takes a field; one that is not known here is a later tool's, and does no harm.
    @inline(__always)
    private mutating func take(_ key: Range<Int>, value: Range<Int>) -> Bool {
        switch key.count {
        case 2: return words.matches(key, "id") ? takeID(value) : true
        case 3:
            if words.matches(key, "src") { return takeSource(value) }
            if words.matches(key, "dst") { return takeDestination(value) }
            return words.matches(key, "use") ? use.set(words.decimal(value)) : true
        case 4:
            if words.matches(key, "mark") { return mark.set(words.decimal(value)) }
            if words.matches(key, "zone") { return zone.set(words.decimal(value)) }
            if words.matches(key, "type") { return tuple.icmpType.set(words.decimal(value)) }
            return words.matches(key, "code") ? tuple.icmpCode.set(words.decimal(value)) : true
        case 5:
            if words.matches(key, "sport") { return tuple.sourcePort.set(words.decimal(value)) }
            if words.matches(key, "dport") { return tuple.destinationPort.set(words.decimal(value)) }
            return words.matches(key, "bytes") ? tuple.bytes.set(words.decimal(value)) : true
        default: return takeRare(key, value: value)
        }
    }

    private mutating func takeRare(_ key: Range<Int>, value: Range<Int>) -> Bool {
        if words.matches(key, "packets") { return tuple.packets.set(words.decimal(value)) }
        if words.matches(key, "srckey") { return tuple.sourcePort.set(prefixedHexadecimal(value)) }
        if words.matches(key, "dstkey") { return tuple.destinationPort.set(prefixedHexadecimal(value)) }
        if words.matches(key, "zone-orig") || words.matches(key, "zone-reply") { return tuple.zone.set(words.decimal(value)) }
        if words.matches(key, "helper") { helper = HelperName(words[value]) }
        if words.matches(key, "delta-time") { return takeAge(value) }
        return true
    }

    // MARK: Values

    /// An address of a source begins a tuple.
    private mutating func takeSource(_ value: Range<Int>) -> Bool {
        guard tuples < 2, let address = IPAddress(utf8: words[value]) else { return false }
        if tuples == 1 { original = tuple }
        tuples += 1
        tuple = TupleText()
        tuple.source = address
        return true
    }

    private mutating func takeDestination(_ value: Range<Int>) -> Bool {
        tuple.destination = IPAddress(utf8: words[value])
        return tuple.destination != nil
    }

    /// Of ICMP each direction has an identifier, which the entry's own follows.
    private mutating func takeID(_ value: Range<Int>) -> Bool {
        if transport.isICMP, tuple.icmpID == nil { return tuple.icmpID.set(words.decimal(value)) }
        return id.set(words.decimal(value))
    }

    private mutating func takeAge(_ value: Range<Int>) -> Bool {
        guard let seconds = words.decimal(value) else { return false }
        // An age beyond 1970 tells that the file's time is none of the table's.
        if let age = Int(exactly: seconds).flatMap({ UInt64(nanosecondsOf: $0) }), age <= takenAt { start = takenAt - age }
        return true
    }

    private func prefixedHexadecimal(_ value: Range<Int>) -> UInt64? {
        words.begins(value, "0x") && value.count > 2 ? words.hexadecimal(value.lowerBound + 2..<value.upperBound) : nil
    }
}
