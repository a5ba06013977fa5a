internal import KernelState

/// Whether the backend has answered a connection, by the table that would know.
enum ConnectionAnswer {
    case replied, unreplied
    /// No table tells: replies go past this node, or IPVS alone has the connection and its protocol has no states.
    case unknown

    init(_ connection: Connection) {
        if let flow = connection.conntrack {
            if !flow.isUnreplied {
                self = .replied
                return
            }
            // Where conntrack expects answers from the backend itself, it would have seen them. In direct-routing and tunnel
            // mode it expects them from the service's address, and they go to the client another way.
            if flow.reply.source == connection.backend.address {
                self = .unreplied
                return
            }
        }
        self = connection.ipvs.map { ConnectionAnswer($0.state) } ?? .unknown
    }

    /// IPVS leaves the opening states when the backend has answered or, where it sees the client alone, when the client has
    /// confirmed the answer.
    private init(_ state: IPVSState) {
        switch state {
        case .synRecv, .sctpFirstInit, .sctpInit: self = .unreplied
        case .established, .finWait, .timeWait, .closeWait, .lastAck: self = .replied
        default: self = .unknown
        }
    }
}

extension IPVSState {
    fileprivate static let finWait = IPVSState("FIN_WAIT")
    fileprivate static let timeWait = IPVSState("TIME_WAIT")
    fileprivate static let closeWait = IPVSState("CLOSE_WAIT")
    fileprivate static let lastAck = IPVSState("LAST_ACK")
    fileprivate static let sctpFirstInit = IPVSState("INIT1")
    fileprivate static let sctpInit = IPVSState("INIT")
}
