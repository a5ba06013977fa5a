internal import Conntrack
internal import KernelState

/// What other tools print, and kstate reads.
///
/// Of two that hold the same table the first here tells more of an entry.
public enum TextKind: String, Sendable, CaseIterable {
    case conntrackLines = "conntrack -L or /proc/net/nf_conntrack"
    case conntrackXML = "conntrack -L -o xml"
    case conntrackSave = "conntrack -L -o save"
    case ipvsConnectionTable = "/proc/net/ip_vs_conn"
    case ipvsConnectionList = "ipvsadm -Lnc"
    case ipvsServiceList = "ipvsadm -Ln"
    case ipvsSave = "ipvsadm -Sn"
    case ipvsServiceTable = "/proc/net/ip_vs"
    case ipvsTimeouts = "ipvsadm -L --timeout"
    case ipvsDaemons = "ipvsadm -L --daemon"
    case statistics = "conntrack -S"
    case kernelStatistics = "/proc/net/stat/nf_conntrack"
    case settings = "sysctl -a"
    case links = "ip link or ip address"
    case routes = "ip route show table all"
    case neighbours = "ip neigh"
    case forwarding = "bridge fdb"
    case resolver = "/etc/resolv.conf"

    var holdsFlows: Bool { [.conntrackLines, .conntrackSave, .conntrackXML].contains(self) }
    public var holdsConnections: Bool { [.ipvsConnectionTable, .ipvsConnectionList].contains(self) }
    public var holdsServices: Bool { [.ipvsServiceList, .ipvsSave, .ipvsServiceTable].contains(self) }

    /// What prints numbers where the same without `-n` has names.
    var numericCommand: String? { [.ipvsConnectionList, .ipvsServiceList, .ipvsSave].contains(self) ? rawValue : nil }

    /// Recognises a text by one of its first lines; nil when that line tells nothing.
    init?(recognising line: UnsafeRawBufferPointer) {
        guard let kind = Self.ofHeading(LineWords(line)) ?? Self.ofEntry(line) else { return nil }
        self = kind
    }

    private static func ofHeading(_ words: LineWords) -> TextKind? {
        let line = words.bytes.indices
        if words.begins(line, "<conntrack>") || words.begins(line, "<flow>") { return .conntrackXML }
        if words.begins(line, "IPVS connection entries") { return .ipvsConnectionList }
        if IPVSTextParser.isTableHeading(words) { return .ipvsConnectionTable }
        if StatisticsColumns(heading: words.bytes) != nil { return .kernelStatistics }
        // The kernel pads no heading, ipvsadm does.
        if words.begins(line, "  -> RemoteAddress:Port Forward") { return .ipvsServiceTable }
        return words.begins(line, "  -> RemoteAddress:Port") ? .ipvsServiceList : nil
    }

    private static func ofEntry(_ line: UnsafeRawBufferPointer) -> TextKind? {
        var flow = FlowLineParser(line, takenAt: 0)
        if flow.flow() != nil { return .conntrackLines }
        var save = FlowSaveParser(line)
        if save.flow() != nil { return .conntrackSave }
        if IPVSTextParser.listedRow(line) != nil { return .ipvsConnectionList }
        var words = LineWords(line)
        if let command = words.next(), words.matches(command, "-A"), ServiceSaveParser.service(&words) != nil { return .ipvsSave }
        if IPVSTimeoutParser.timeouts(line) != nil { return .ipvsTimeouts }
        if IPVSDaemonParser.daemon(line) != nil { return .ipvsDaemons }
        if StatisticsParser.cpu(line) != nil { return .statistics }
        return SettingParser.setting(line) != nil ? .settings : ofNetwork(line)
    }

    private static func ofNetwork(_ line: UnsafeRawBufferPointer) -> TextKind? {
        if LinkListParser.isHeading(line) { return .links }
        if NeighbourListParser.neighbour(line) != nil { return .neighbours }
        if ForwardingListParser.entry(line) != nil { return .forwarding }
        if RouteText(line, family: .ipv4)?.device != nil { return .routes }
        return ResolverTextParser.isNameserver(line) ? .resolver : nil
    }

    /// `conntrack v1.4.7 (conntrack-tools): 16 flow entries have been shown.`, which stands alone where the table is empty.
    static func isCount(_ line: UnsafeRawBufferPointer) -> Bool { LineWords(line).begins(line.indices, "conntrack v") }
}
