internal import KernelState

/// From a backend's numbers to its verdict, and to the sentence that says why.
extension BackendState {
    /// The share of a backend's connections that may wait for a reply before it answers only in part.
    private static let patience = 100

    /// - Parameters:
    ///   - service: the service that it stands behind.
    ///   - expectsReply: whether replies to its connections that wait ought to have come: their protocol has them, or the service
    ///     has replied to others of it.
    func judged(in service: ServiceState, expectsReply: Bool) -> BackendState {
        var state = self
        state.verdict = decide(service, expectsReply: expectsReply)
        state.evidence = sentence(for: state.verdict, service, expectsReply: expectsReply)
        return state
    }

    private func decide(_ service: ServiceState, expectsReply: Bool) -> BackendVerdict {
        let counts = connections
        if isConfigured == false, counts.total + counts.templates > 0 { return .stale }
        if weight == 0 { return .draining }
        if counts.total == 0 { return unseen == 0 && !service.isOnePacket ? .idle : .undecided }
        if counts.unreplied > 0, isSilent, expectsReply { return .silent }
        if counts.replied == 0 { return .undecided }
        return counts.overdue > 0 && counts.overdue * Self.patience >= counts.total ? .partial : .answering
    }

    /// Connections that IPVS counts for the backend, where no table tells of any: one that could not be read, or was not saved.
    private var unseen: UInt64 {
        guard connections.total == 0 else { return 0 }
        return UInt64(activeConnections ?? 0) + UInt64(inactiveConnections ?? 0)
    }

    /// True when nothing but a new connection's first second could excuse that none was replied to. Replied connections of which
    /// nothing was heard since the unreplied ones began are old ones, and no sign of life; several must wait then, because a
    /// single lost packet looks the same.
    private var isSilent: Bool {
        let counts = connections
        if counts.replied == 0 { return counts.overdue > 0 || counts.unreplied > 1 || counts.oldestUnreplied == nil }
        guard counts.overdue > 1, let oldest = counts.oldestUnreplied, let quiet = counts.quietFor else { return false }
        return quiet > oldest + 1
    }

    // MARK: The sentence

    private func sentence(for verdict: BackendVerdict, _ service: ServiceState, expectsReply: Bool) -> String {
        let counts = connections
        switch verdict {
        case .idle: return "no connections"
        case .answering: return counts.unreplied == 0 && counts.replied == counts.total ? "\(total), all replied" : "\(total), \(waiting)"
        case .partial: return unreplied
        case .silent:
            if counts.replied == 0 { return unreplied }
            return "\(unreplied), and nothing heard on the other \(counts.replied) for \(Int(counts.quietFor ?? 0)) s"
        case .draining: return "weight 0, \(total)" + (counts.unreplied > 0 ? ", \(waiting)" : "")
        case .stale:
            return "\(total) \(staleness(service))" + (counts.unreplied > 0 ? ", \(waiting)" : "")
        case .undecided: return doubt(service, expectsReply: expectsReply)
        }
    }

    private func staleness(_ service: ServiceState) -> String {
        if service.scheduler != nil || service.sources.contains(.kubernetes) { return "to a backend that the service no longer has" }
        return service.mayBeMarked
            ? "to a backend that neither a service of this address nor one of a firewall mark has" : "to a service that IPVS no longer has"
    }

    private func doubt(_ service: ServiceState, expectsReply: Bool) -> String {
        let counts = connections
        if unseen > 0 {
            return "IPVS counts \(activeConnections ?? 0) active and \(inactiveConnections ?? 0) inactive connections, of which no table tells"
        }
        if counts.total == 0 { return "\(total): one-packet scheduling keeps none, so that no table tells whether it replies" }
        if counts.unreplied == 0 {
            let reason = repliesBypass ? "; replies do not pass this node" : ""
            return "\(total), of which the tables do not tell whether they were replied to\(reason)"
        }
        if expectsReply { return "\(total), unreplied for less than a second" }
        let anything = service.transport == nil ? "anything of its protocol" : "anything"
        return "\(unreplied); one-way traffic looks like this, and no backend of the service has replied to \(anything)"
    }

    private var total: String {
        var words = connections.total == 0 ? "no connections" : "\(connections.total) connection\(connections.total == 1 ? "" : "s")"
        if connections.templates > 0 {
            words += " and \(connections.templates) persistence template\(connections.templates == 1 ? "" : "s")"
        }
        return words
    }

    /// `4 of 4 connections unreplied, oldest 12 s`.
    private var unreplied: String {
        "\(connections.unreplied) of \(connections.total) connections unreplied\(oldest)"
    }

    private var waiting: String {
        connections.unreplied > 0 ? "\(connections.unreplied) unreplied\(oldest)" : "\(connections.replied) replied"
    }

    private var oldest: String { connections.oldestUnreplied.map { ", oldest \(Int($0)) s" } ?? "" }
}
