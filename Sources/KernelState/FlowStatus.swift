/// `enum ip_conntrack_status`: the bits of `CTA_STATUS`.
public struct FlowStatus: OptionSet, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `IPS_EXPECTED`: a helper foresaw it.
    public static let expected = FlowStatus(rawValue: 1 << 0)
    /// `IPS_SEEN_REPLY`: packets came both ways; without it conntrack says `[UNREPLIED]`.
    public static let seenReply = FlowStatus(rawValue: 1 << 1)
    /// `IPS_ASSURED`: never expired early.
    public static let assured = FlowStatus(rawValue: 1 << 2)
    /// `IPS_CONFIRMED`: its first packet has left the box.
    public static let confirmed = FlowStatus(rawValue: 1 << 3)
    /// `IPS_SRC_NAT`.
    public static let sourceNAT = FlowStatus(rawValue: 1 << 4)
    /// `IPS_DST_NAT`. An IPVS masquerade does not set it: compare tuples instead.
    public static let destinationNAT = FlowStatus(rawValue: 1 << 5)
    /// `IPS_SEQ_ADJUST`.
    public static let sequenceAdjust = FlowStatus(rawValue: 1 << 6)
    /// `IPS_SRC_NAT_DONE`.
    public static let sourceNATDone = FlowStatus(rawValue: 1 << 7)
    /// `IPS_DST_NAT_DONE`.
    public static let destinationNATDone = FlowStatus(rawValue: 1 << 8)
    /// `IPS_DYING`: out of the table.
    public static let dying = FlowStatus(rawValue: 1 << 9)
    /// `IPS_FIXED_TIMEOUT`.
    public static let fixedTimeout = FlowStatus(rawValue: 1 << 10)
    /// `IPS_TEMPLATE`.
    public static let template = FlowStatus(rawValue: 1 << 11)
    /// `IPS_NAT_CLASH` since 5.10, `IPS_UNTRACKED` before 4.12.
    public static let natClash = FlowStatus(rawValue: 1 << 12)
    /// `IPS_HELPER`.
    public static let helper = FlowStatus(rawValue: 1 << 13)
    /// `IPS_OFFLOAD`: in the flow table, Linux 4.16.
    public static let offload = FlowStatus(rawValue: 1 << 14)
    /// `IPS_HW_OFFLOAD`: in hardware, Linux 5.6.
    public static let hardwareOffload = FlowStatus(rawValue: 1 << 15)

    /// The bits by the kernel's names, without the `IPS_`, in bit order.
    public static let names: [(flag: FlowStatus, name: String)] = [
        (.expected, "EXPECTED"), (.seenReply, "SEEN_REPLY"), (.assured, "ASSURED"), (.confirmed, "CONFIRMED"),
        (.sourceNAT, "SRC_NAT"), (.destinationNAT, "DST_NAT"), (.sequenceAdjust, "SEQ_ADJUST"),
        (.sourceNATDone, "SRC_NAT_DONE"), (.destinationNATDone, "DST_NAT_DONE"), (.dying, "DYING"),
        (.fixedTimeout, "FIXED_TIMEOUT"), (.template, "TEMPLATE"), (.natClash, "NAT_CLASH"), (.helper, "HELPER"),
        (.offload, "OFFLOAD"), (.hardwareOffload, "HW_OFFLOAD"),
    ]
}
