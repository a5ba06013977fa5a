import KernelState

/// Packets that conntrack does not take for a part of any connection leave untranslated, and their receiver resets the connection.
struct InvalidPackets: Rule {
    static let id = "invalid-packets"
    private static let setting = "net.netfilter.nf_conntrack_tcp_be_liberal"
    private var translated = 0
    private var resets = 0

    func interest(in sample: Sample) -> Interest { .having([.tcp, .served, .inConntrack]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.forwarding ?? .masquerade == .masquerade else { return }
        translated += 1
        if connection.conntrack?.state == .tcp(.close) { resets += 1 }
    }

    func report(on subject: Case) -> RuleReport {
        guard let invalid = subject.growth(\.invalid) else { return .unchecked(subject.cannotCompareCounters) }
        // A straggler after the end of its connection is invalid too: now and then one is no fault.
        // Of connections that are not translated nobody gets a packet that he does not know.
        guard translated > 0, invalid >= 10, Double(invalid) >= subject.seconds, subject.setting(Self.setting) != 1 else { return .silence }
        let seesHalves = subject.last.services.contains { $0.backends.contains { $0.forwarding == .route || $0.forwarding == .tunnel } }
        var finding = Finding(
            rule: Self.id, severity: seesHalves ? .info : .warning, title: "conntrack calls packets invalid, which then leave untranslated",
            cause:
                "Packets out of a connection's window, late ones for instance, are not translated back; who gets one knows no such "
                + "connection and resets.",
            remedy: "Drop what is invalid (`iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP`), or \(Self.setting)=1.",
            references: ["kubernetes/kubernetes#74839", "kubernetes/kubernetes#117924"])
        finding.evidence = ["invalid rose by \(invalid) in \(secondsText(subject.seconds))"]
        if resets > 0 { finding.evidence.append("\(counted(resets, "entry", "entries")) of services in CLOSE, as a reset leaves them") }
        if let value = subject.setting(Self.setting) { finding.evidence.append("\(Self.setting)=\(value)") }
        if seesHalves {
            finding.evidence.append(
                "direct-routing and tunnel services pass here, of whose connections conntrack sees one half: that counts as invalid too")
        }
        finding.measures = [Measure("invalid", invalid), Measure("closed", resets)]
        finding.commands = [subject.commandPrefix + "conntrack -S", NextCommands.set(Self.setting, to: "1", in: subject)]
        return .findings([finding])
    }
}
