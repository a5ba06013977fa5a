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

/// What conntrack says of an entry, as it is counted: the protocol's state, or what stands for it where there is none.
enum FlowStanding: Hashable, Sendable {
    case state(FlowState)
    case unreplied, seenReply, assured, offload, hardwareOffload

    @inline(__always)
    init(_ flow: borrowing Flow) {
        if let state = flow.state {
            self = .state(state)
        } else if flow.status.contains(.hardwareOffload) {
            self = .hardwareOffload
        } else if flow.status.contains(.offload) {
            self = .offload
        } else if !flow.status.contains(.seenReply) {
            self = .unreplied
        } else {
            self = flow.status.contains(.assured) ? .assured : .seenReply
        }
    }

    /// The kernel's name, without its prefix.
    var name: String {
        switch self {
        case .state(let state): state.name
        case .unreplied: "UNREPLIED"
        case .seenReply: "SEEN_REPLY"
        case .assured: "ASSURED"
        case .offload: "OFFLOAD"
        case .hardwareOffload: "HW_OFFLOAD"
        }
    }
}
