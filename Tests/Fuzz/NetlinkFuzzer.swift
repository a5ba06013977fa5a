import Conntrack
import ConntrackText
import KernelState
import Netlink

/// A datagram, as a netlink socket could receive it from anybody: it is walked to its end, and what is decoded is sound.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let first = decode(bytes)
    let again = decode(bytes)
    precondition(first == again, "the same bytes, and another result")
    for flow in first {
        let message = FlowEncoder(flow).bytes
        let decoded = message.withUnsafeBytes { decode($0) }
        precondition(decoded.count == 1, "what was encoded is no single entry")
        precondition(decoded[0].comparable == flow.comparable, "an entry that was encoded reads differently")
    }
    return 0
}

private func decode(_ bytes: UnsafeRawBufferPointer) -> [Flow] {
    var flows: [Flow] = []
    var decoder = FlowDecoder()
    var messages = MessageCursor(RawSpan(_unsafeBytes: bytes))
    var steps = 0
    while let message = messages.next() {
        steps += 1
        precondition(steps <= bytes.count / 16, "a cursor that does not advance")
        if let flow = decoder.decode(message.payload) { flows.append(flow) }
    }
    precondition(messages.next() == nil, "a cursor that ended goes on")
    return flows
}

extension Flow {
    /// The entry without what the encoder has no words for: states and labels that no peer's text shows, names that are no text.
    fileprivate var comparable: Flow {
        var flow = self
        if case .unknown = flow.state { flow.state = nil }
        flow.labels = nil
        if let name = flow.helper?.text, name.isEmpty || !name.utf8.allSatisfy({ $0 < 0x80 }) { flow.helper = nil }
        if flow.helper == HelperName(high: 0, low: 0) { flow.helper = nil }
        if flow.start == nil { flow.stop = nil }
        return flow
    }
}
