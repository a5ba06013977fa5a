internal import KernelState

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
