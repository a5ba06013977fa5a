internal import KernelState

/// The flags of an entry as a person reads them: `UNREPLIED` first, as conntrack writes it, then the kernel's names.
///
/// `SEEN_REPLY`, `CONFIRMED` and the two `_NAT_DONE` are left out: nearly every entry has them, and the absence of the first
/// is `UNREPLIED`.
enum FlowFlags {
    private static let silent: FlowStatus = [.seenReply, .confirmed, .sourceNATDone, .destinationNATDone]
    private static let spoken = FlowStatus.names.filter { !silent.contains($0.flag) }

    @inline(__always)
    static func forEach(_ status: FlowStatus, _ body: (String) -> Void) {
        if !status.contains(.seenReply) { body("UNREPLIED") }
        if status == [.assured, .seenReply, .confirmed] { return body("ASSURED") }
        if status.subtracting(silent).isEmpty { return }
        for (flag, name) in spoken where status.contains(flag) { body(name) }
    }
}
