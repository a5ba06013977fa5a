public import KernelState

/// What an entry's timer is set to by every packet, for each state: with what is left of it, the time since the last packet.
public struct FlowTimers: Sendable {
    private var tcp: [UInt32?]
    private var sctp: [UInt32?]
    private let retransmission: UInt32
    private let udp: UInt32
    private let icmp: UInt32
    private let icmpv6: UInt32

    /// Seconds that IPVS keeps a connection which has not been answered: `SYN_RECV` of TCP and the `INIT`s of SCTP.
    static let ipvsOpening: UInt32 = 60

    /// - Parameter facts: the settings (`net.netfilter.nf_conntrack_*_timeout*`) of the place. Of states that can be unreplied a
    ///   missing one has the kernel's default; of the others nothing is then known.
    public init(_ facts: NodeFacts) {
        func seconds(_ name: String) -> UInt32? {
            facts.number("net.netfilter.nf_conntrack_" + name).map { UInt32(clamping: $0) }
        }
        let names = ["syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait", "close"]
        tcp = [nil] + names.map { seconds("tcp_timeout_" + $0) }
        tcp[Int(TCPState.synSent.rawValue)] = tcp[Int(TCPState.synSent.rawValue)] ?? 120
        tcp.append(120)  // SYN_SENT2 has no setting
        let associations = [
            "closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd", "shutdown_ack_sent",
            "heartbeat_sent",
        ]
        sctp = [nil] + associations.map { seconds("sctp_timeout_" + $0) } + [nil]
        sctp[Int(SCTPState.cookieWait.rawValue)] = sctp[Int(SCTPState.cookieWait.rawValue)] ?? 3
        retransmission = seconds("tcp_timeout_max_retrans") ?? 300
        udp = seconds("udp_timeout") ?? 30
        icmp = seconds("icmp_timeout") ?? 30
        icmpv6 = seconds("icmpv6_timeout") ?? 30
    }

    /// Seconds since the last packet of an unreplied entry, at the least; nil when nothing tells.
    func unansweredFor(_ flow: Flow) -> Double? {
        guard let left = flow.timeout, let full = fullWithoutReply(flow) else { return nil }
        return Double(max(0, Int(full) - Int(left) - 1))
    }

    /// Seconds since the last packet of a replied entry, at the least; 0 when nothing tells.
    func quietFor(_ flow: Flow) -> Double {
        guard let left = flow.timeout, let full = full(flow.state) else { return 0 }
        // Data that nobody acknowledges shortens the timer.
        let started = left <= retransmission ? min(full, retransmission) : full
        return Double(max(0, Int(started) - Int(left) - 1))
    }

    /// Seconds since the last packet of an entry; nil when nothing tells.
    public func lastPacket(_ flow: Flow) -> Double? {
        if flow.isUnreplied { return unansweredFor(flow) }
        return lastPacket(flow.state, left: flow.timeout)
    }

    /// Seconds since the last packet of a replied entry in `state` of which `left` seconds are left; nil when nothing tells.
    func lastPacket(_ state: FlowState?, left: UInt32?) -> Double? {
        guard let left, let full = full(state), left <= full else { return nil }
        return Double(full - left)
    }

    private func full(_ state: FlowState?) -> UInt32? {
        switch state {
        case .tcp(let state): tcp[Int(state.rawValue)]
        case .sctp(let state): sctp[Int(state.rawValue)]
        default: nil
        }
    }

    private func fullWithoutReply(_ flow: Flow) -> UInt32? {
        switch flow.transport {
        case .tcp, .sctp: full(flow.state)
        case .udp, .udplite: udp
        case .icmp: icmp
        case .icmpv6: icmpv6
        default: nil
        }
    }
}
