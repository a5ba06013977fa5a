/// `enum tcp_conntrack`, in wire order.
public enum TCPState: UInt8, Sendable, CaseIterable {
    case none, synSent, synRecv, established, finWait, closeWait, lastAck, timeWait, close, synSent2
}

/// `enum sctp_conntrack`, in wire order.
public enum SCTPState: UInt8, Sendable, CaseIterable {
    case none, closed, cookieWait, cookieEchoed, established, shutdownSent, shutdownRecd, shutdownAckSent
    case heartbeatSent, heartbeatAcked
}

/// `enum ct_dccp_states`, in wire order. The kernel lost DCCP in 6.17.
public enum DCCPState: UInt8, Sendable, CaseIterable {
    case none, request, respond, partOpen, open, closeReq, closing, timeWait, ignore, invalid
}

/// The state that conntrack keeps for a connection, by protocol; a number newer than this list keeps its number.
public enum FlowState: Hashable, Sendable {
    case tcp(TCPState)
    case sctp(SCTPState)
    case dccp(DCCPState)
    case unknown(UInt8)

    /// The state's name as the kernel and `conntrack -L` write it.
    public var name: String {
        switch self {
        case .tcp(let state): FlowState.tcpNames[Int(state.rawValue)]
        case .sctp(let state): FlowState.sctpNames[Int(state.rawValue)]
        case .dccp(let state): FlowState.dccpNames[Int(state.rawValue)]
        case .unknown(let number): "STATE_\(number)"
        }
    }

    private static let tcpNames = [
        "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
    ]
    private static let sctpNames = [
        "NONE", "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "ESTABLISHED", "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT",
        "HEARTBEAT_SENT", "HEARTBEAT_ACKED",
    ]
    private static let dccpNames = [
        "NONE", "REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING", "TIMEWAIT", "IGNORE", "INVALID",
    ]

    /// Every name that a conntrack state can have: what `--state` accepts of this table.
    public static let allNames: Set<String> = Set(tcpNames + sctpNames + dccpNames)
}
