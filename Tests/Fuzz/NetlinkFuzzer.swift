// Any bytes as a datagram of the kernel's: through the cursor, the judge of answers and the decoder of entries.

import Conntrack
import ConntrackText
import KernelState

@testable import Netlink

/// What one walk over a datagram gave.
private struct Walk: Equatable {
    var flows: [Flow] = []
    var unknownAttributes = 0
    var undecodable = 0
    var failure: DecodeFailure?
}

private func walk(_ bytes: UnsafeRawBufferPointer) -> Walk {
    var walk = Walk()
    var decoder = FlowDecoder()
    var messages = MessageCursor(RawSpan(_unsafeBytes: bytes))
    var steps = 0
    while let message = messages.next() {
        steps += 1
        precondition(steps <= bytes.count / 16, "a cursor gave more messages than have room")
        if let flow = decoder.decode(message.payload) { walk.flows.append(flow) }
    }
    precondition(messages.next() == nil, "a cursor that had ended went on")
    walk.unknownAttributes = decoder.unknownAttributes
    walk.undecodable = decoder.undecodable
    walk.failure = messages.failure
    return walk
}

/// The attributes of every message, read as a run of attributes at each level that holds one.
private func walkAttributes(_ bytes: RawSpan, depth: Int = 0) {
    var attributes = AttributeCursor(bytes)
    var steps = 0
    while let attribute = attributes.next() {
        steps += 1
        precondition(steps <= bytes.byteCount / 4, "a cursor gave more attributes than have room")
        if depth < 6 { walkAttributes(attribute.payload, depth: depth + 1) }
    }
    precondition(attributes.next() == nil, "a cursor that had ended went on")
}

/// The answer's judge hands out no more messages than there are, whoever they are for.
private func judge(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 16 else { return }
    // Most often the first message is for the request that is awaited.
    let sequence = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    let port = bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
    var reader = AnswerReader(sequence: sequence, port: port)
    var given = 0
    reader.read(RawSpan(_unsafeBytes: bytes)) { message in
        precondition(message.sequence == sequence && message.port == port, "a message for another was handed out")
        given += 1
    }
    precondition(given <= bytes.count / 16)
}

/// What was decoded says the same when it is encoded and decoded again, as far as the encoder has words for it.
private func checkRoundTrip(_ flow: Flow) {
    guard let expected = representable(flow) else { return }
    FlowEncoder(flow).bytes.withUnsafeBytes { bytes in
        let again = walk(bytes).flows
        precondition(again == [expected], "\(expected) came back as \(again)")
    }
}

/// The part of an entry that the encoder writes; nil where the kernel would not send such an entry: of two families, or with
/// ports or an ICMP id of which the protocol has none.
private func representable(_ flow: Flow) -> Flow? {
    guard flow.original.source.family == flow.reply.source.family else { return nil }
    var flow = flow
    flow.labels = nil
    if case .unknown = flow.state { flow.state = nil }
    if flow.start == nil { flow.stop = nil }
    // A helper's name that is no text is replaced where it is shown, and an empty one is none.
    if let helper = flow.helper {
        guard helper.text.utf8.count <= 15, HelperName(text: helper.text) == helper else { return nil }
    }
    return flow
}

extension HelperName {
    fileprivate init(text: String) {
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        for (index, byte) in text.utf8.enumerated() {
            if index < 8 { halves.high |= UInt64(byte) << UInt64(56 - 8 * index) } else { halves.low |= UInt64(byte) << UInt64(120 - 8 * index) }
        }
        self.init(high: halves.high, low: halves.low)
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzNetlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let first = walk(bytes)
    precondition(walk(bytes) == first, "the same bytes were decoded in two ways")
    for flow in first.flows { checkRoundTrip(flow) }
    judge(bytes)
    var messages = MessageCursor(RawSpan(_unsafeBytes: bytes))
    while let message = messages.next() { walkAttributes(message.payload.extracting(min(4, message.payload.byteCount)..<message.payload.byteCount)) }
    return 0
}
