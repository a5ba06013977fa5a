internal import Conntrack
internal import KernelState
internal import Netlink
public import PeerDecoder

/// A captured dump, decoded message by message both ways.
///
/// A capture is what conntrack_dump.py writes: datagrams, each after its length as 32 bits, little-endian.
public struct CaptureComparison: Sendable {
    /// A message of which the two decoders do not say the same.
    public struct Difference: Sendable {
        /// Counted from 0 through the whole capture.
        public let message: Int
        public let kstate: PeerEntry?
        public let peer: PeerEntry?
    }

    /// What the second decoder read of each entry.
    public private(set) var entries: [PeerEntry] = []
    public private(set) var differences: [Difference] = []
    /// Attributes that kstate's decoder does not know, and messages that it gave up.
    public private(set) var unknownAttributes = 0
    public private(set) var undecodable = 0
    /// Whether the capture goes on to `NLMSG_DONE`, and nothing in it was cut short.
    public private(set) var isWhole = false

    private var messages = 0
    private static let entry: UInt16 = 1 << 8  // IPCTNL_MSG_CT_NEW of NFNL_SUBSYS_CTNETLINK
    private static let done: UInt16 = 3

    public init(capture: [UInt8]) {
        var decoder = FlowDecoder()
        capture.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while rest.count >= 4 {
                let length = (0..<4).reduce(0) { $0 | Int(rest[rest.startIndex + $1]) << (8 * $1) }
                rest = rest.dropFirst(4)
                guard length <= rest.count else { return isWhole = false }
                read(datagram: UnsafeRawBufferPointer(rebasing: rest.prefix(length)), with: &decoder)
                rest = rest.dropFirst(length)
            }
            if !rest.isEmpty { isWhole = false }
        }
        unknownAttributes = decoder.unknownAttributes
        undecodable = decoder.undecodable
    }

    private mutating func read(datagram: UnsafeRawBufferPointer, with decoder: inout FlowDecoder) {
        var cursor = MessageCursor(RawSpan(_unsafeBytes: datagram))
        while let message = cursor.next() {
            if message.type == Self.done { isWhole = true }
            guard message.type == Self.entry else { continue }
            let ours = decoder.decode(message.payload).map { PeerEntry($0) }
            let peer = PeerDecoder.decode(whole(message))
            if let peer { entries.append(peer) }
            if ours != peer || peer == nil { differences.append(Difference(message: messages, kstate: ours, peer: peer)) }
            messages += 1
        }
        if cursor.failure != nil { isWhole = false }
    }

    /// The message with its header in front again, as the library wants it.
    private func whole(_ message: borrowing NetlinkMessage) -> [UInt8] {
        var bytes: [UInt8] = []
        append(UInt32(16 + message.payload.byteCount), to: &bytes)
        append(message.type, to: &bytes)
        append(message.flags, to: &bytes)
        append(message.sequence, to: &bytes)
        append(message.port, to: &bytes)
        message.payload.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    private func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}
