import KernelState

/// Each reuse of a client's port loses its first SYN: on old kernels, with both IPVS and its conntrack entries.
struct PortReuse: Rule {
    static let id = "port-reuse"
    private static let limit = 65_536
    private var closed = FingerprintSet(expected: 0)
    private var fresh = FingerprintSet(expected: 0)
    private var sampleIndex = 0
    private var reused = 0
    private var examples: [Connection] = []

    func interest(in sample: Sample) -> Interest { Self.isArranged(sample) ? .having([.tcp, .inIPVS]) : .none }

    private static func isArranged(_ sample: Sample) -> Bool {
        sample.facts.number("net.ipv4.vs.conn_reuse_mode") == 1 && sample.facts.number("net.ipv4.vs.conntrack") == 1
    }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs else { return }
        if sampleIndex != sample.index {
            sampleIndex = sample.index
            closed = fresh
            fresh = FingerprintSet(expected: 0)
        }
        var name = Fingerprint()
        name.mix(row.client)
        name.mix(row.service)
        if row.state == IPVSState("TIME_WAIT") {
            if fresh.count < Self.limit { _ = fresh.insert(name.value) }
        } else if sample.index > 0, closed.contains(name.value), row.state == .synRecv || row.state == .established {
            reused += 1
            if examples.count < Finding.connectionLimit { examples.append(connection) }
        }
    }

    func report(on subject: Case) -> RuleReport {
        if subject.place.kernel.isEmpty, Self.isArranged(subject.last), !subject.last.services.isEmpty {
            return RuleReport(unchecked: "the kernel's release is not known: save `uname -a` in a file `uname` beside the texts")
        }
        guard Self.isArranged(subject.last), KernelVersion(release: subject.place.kernel) < KernelVersion(major: 5, minor: 9),
            !subject.last.services.isEmpty
        else { return .silence }
        var finding = Finding(
            rule: Self.id, severity: reused > 0 ? .warning : .info,
            title: "a connection that reuses a closed one's port starts a second late",
            cause:
                "Before Linux 5.9 conn_reuse_mode=1 with vs.conntrack=1 drops the first SYN that meets a connection in TIME_WAIT; "
                + "the client repeats it after 1 s.",
            remedy: "net.ipv4.vs.conn_reuse_mode=0, or Linux 5.9 and later.",
            references: ["kubernetes/kubernetes#70747", "kubernetes/kubernetes#93297"])
        finding.evidence = ["conn_reuse_mode=1, vs.conntrack=1, Linux \(subject.place.kernel)"]
        finding.evidence.append("\(counted(reused, "port")) seen in TIME_WAIT and, a reading later, in a new connection")
        finding.measures = [Measure("reused", reused)]
        finding.connections = examples
        finding.commands = [NextCommands.set("net.ipv4.vs.conn_reuse_mode", to: "0", in: subject)]
        return RuleReport(findings: [finding], unchecked: subject.samples.count < 2 ? "whether ports are reused takes two samples" : nil)
    }
}
