public import KernelState
public import PeerDecoder

extension PeerEntry {
    /// The same entry as kstate's decoder says it, in the second decoder's terms.
    public init(_ flow: Flow) {
        self.init(original: Half(flow.original), reply: Half(flow.reply))
        if case .icmp(let type, let code, let id) = flow.original.detail { icmp = ICMP(type: type, code: code, id: id) }
        state = flow.state.map { State($0, transport: flow.transport) }
        status = flow.status.rawValue
        timeout = flow.timeout
        mark = flow.mark
        zone = flow.zone
        id = flow.id
        use = flow.use
        counters = flow.counters.map { [$0.originalPackets, $0.originalBytes, $0.replyPackets, $0.replyBytes] }
        start = flow.start
        stop = flow.stop
        helper = flow.helper?.text
        labels = flow.labels.map { labels in
            (0..<64).filter { labels.low >> UInt64($0) & 1 == 1 } + (64..<128).filter { labels.high >> UInt64($0 - 64) & 1 == 1 }
        }
    }
}

extension PeerEntry.Half {
    fileprivate init(_ tuple: Tuple) {
        var ports: [UInt16]?
        if case .ports(let source, let destination) = tuple.detail { ports = [source, destination] }
        self.init(
            source: tuple.source.networkBytes, destination: tuple.destination.networkBytes, transport: tuple.transport.rawValue,
            ports: ports, zone: tuple.zone)
    }
}

extension PeerEntry.State {
    fileprivate init(_ state: FlowState, transport: TransportProtocol) {
        switch state {
        case .tcp(let state): self = .tcp(state.rawValue)
        case .sctp(let state): self = .sctp(state.rawValue)
        case .dccp(let state): self = .dccp(state.rawValue)
        case .unknown(let number):
            switch transport {
            case .sctp: self = .sctp(number)
            case .dccp: self = .dccp(number)
            default: self = .tcp(number)
            }
        }
    }
}
