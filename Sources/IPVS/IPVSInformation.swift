internal import CLinux
public import KernelState
internal import Netlink

/// Reads what IPVS tells of itself: its version, timeouts and daemons.
public enum IPVSInformation {
    /// Asks over generic netlink, for the namespace of the calling thread.
    ///
    /// - Throws: `ENOENT` when ip_vs is not loaded, which looking does not change; `EPERM` without CAP_NET_ADMIN in the initial
    ///   user namespace.
    public static func read() throws(KernelStateError) -> IPVSFacts {
        let family = try IPVSFamily()
        var facts = IPVSFacts()
        try family.ask(Int(IPVS_CMD_GET_INFO), operation: "asking for the version of IPVS") { decodeVersion($0, into: &facts) }
        try family.ask(Int(IPVS_CMD_GET_CONFIG), operation: "asking for the timeouts of IPVS") { decodeTimeouts($0, into: &facts) }
        facts.daemons = try daemons(of: family)
        return facts
    }

    /// The synchronisation daemons of the calling thread's namespace: one of each role at most.
    static func daemons() throws(KernelStateError) -> [IPVSDaemon] { try daemons(of: IPVSFamily()) }

    private static func daemons(of family: IPVSFamily) throws(KernelStateError) -> [IPVSDaemon] {
        var daemons: [IPVSDaemon] = []
        _ = try family.dump(
            Int(IPVS_CMD_GET_DAEMON), object: Int(IPVS_CMD_ATTR_DAEMON), operation: "asking for the daemons of IPVS"
        ) { bytes in
            if let daemon = DaemonDecoder.decode(bytes) { daemons.append(daemon) }
        }
        return daemons
    }

    static func decodeVersion(_ bytes: RawSpan, into facts: inout IPVSFacts) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let number = attribute.payload.hostEndianUInt32() ?? 0
            switch Int(attribute.type) {
            case Int(IPVS_INFO_ATTR_VERSION): facts.version = number
            case Int(IPVS_INFO_ATTR_CONN_TAB_SIZE): facts.connectionTableSize = number
            default: break
            }
        }
    }

    static func decodeTimeouts(_ bytes: RawSpan, into facts: inout IPVSFacts) {
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let seconds = attribute.payload.hostEndianUInt32() ?? 0
            switch Int(attribute.type) {
            case Int(IPVS_CMD_ATTR_TIMEOUT_TCP): facts.tcpTimeout = seconds
            case Int(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN): facts.tcpFinTimeout = seconds
            case Int(IPVS_CMD_ATTR_TIMEOUT_UDP): facts.udpTimeout = seconds
            default: break
            }
        }
    }
}
