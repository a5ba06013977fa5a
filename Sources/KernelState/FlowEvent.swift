/// What an event says of its entry.
public enum FlowEventKind: UInt8, Sendable, CaseIterable {
    /// `IPCTNL_MSG_CT_NEW` with `NLM_F_CREATE`: confirmed just now.
    case new = 0
    /// `IPCTNL_MSG_CT_NEW` without it. The message holds what changed and the tuples; a mark, for one, only when not 0.
    case update = 1
    /// `IPCTNL_MSG_CT_DELETE`.
    case destroy = 2
}

/// What conntrack told between two readings of its table.
public struct FlowEvent: Hashable, Sendable {
    public enum Content: Hashable, Sendable {
        case entry(FlowEventKind, Flow)
        /// The kernel dropped that many events, because nobody took them in time.
        case lost(UInt64)
    }

    /// Nanoseconds since 1970, when it was taken from the kernel.
    public var at: UInt64
    public var content: Content

    public init(at time: UInt64, _ content: Content) {
        at = time
        self.content = content
    }
}

extension Flow {
    /// An event carries less than a dump: what it leaves out is as it was.
    ///
    /// - Parameter earlier: the entry as it was known; another entry of the same tuples adds nothing.
    public func completed(by earlier: Flow) -> Flow {
        guard earlier.id == id else { return self }
        var flow = self
        flow.counters = counters ?? earlier.counters
        flow.start = start ?? earlier.start
        flow.helper = helper ?? earlier.helper
        flow.labels = labels ?? earlier.labels
        if use == 0 { flow.use = earlier.use }
        return flow
    }
}
