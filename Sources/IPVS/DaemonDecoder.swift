internal import CLinux
internal import KernelState
internal import Netlink

/// Decodes a synchronisation daemon: what `IPVS_CMD_ATTR_DAEMON` holds.
enum DaemonDecoder {
    /// The daemon, or nil when its role is missing or none that is known here.
    static func decode(_ bytes: RawSpan) -> IPVSDaemon? {
        var role: IPVSDaemon.Role?
        var interface = ""
        var identifier: UInt32 = 0
        var attributes = AttributeCursor(bytes)
        while let attribute = attributes.next() {
            let payload = attribute.payload
            switch Int(attribute.type) {
            case Int(IPVS_DAEMON_ATTR_STATE): role = payload.hostEndianUInt32().flatMap(IPVSDaemon.Role.init(rawValue:))
            case Int(IPVS_DAEMON_ATTR_MCAST_IFN): interface = payload.zeroTerminatedText()
            case Int(IPVS_DAEMON_ATTR_SYNC_ID): identifier = payload.hostEndianUInt32() ?? 0
            default: break
            }
        }
        guard attributes.failure == nil, let role else { return nil }
        return IPVSDaemon(role: role, interface: interface, syncIdentifier: identifier)
    }
}
