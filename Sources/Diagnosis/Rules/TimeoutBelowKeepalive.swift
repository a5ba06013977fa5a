import KernelState

/// IPVS forgets an idle connection before the peers' keepalive would have shown it alive.
struct TimeoutBelowKeepalive: Rule {
    static let id = "ipvs-timeout-below-keepalive"
    private static let limit = 4_096
    /// Seconds.
    private static let closeToEnd: UInt32 = 10
    private struct Due {
        var connection: Connection
        /// When IPVS will have forgotten it, nanoseconds since 1970.
        var at: UInt64
    }

    /// Established connections that IPVS is about to forget, not seen since.
    private var due: [UInt64: Due] = [:]
    private var cut: [Connection] = []
    private var cutCount = 0
    private var sampleIndex = 0
    private var takenAt: UInt64 = 0

    func interest(in sample: Sample) -> Interest { .having([.tcp, .inIPVS]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, !row.isTemplate else { return }
        if sampleIndex != sample.index {
            settle(at: takenAt)
            sampleIndex = sample.index
        }
        takenAt = sample.takenAt
        var name = Fingerprint()
        name.mix(row.client)
        name.mix(row.service)
        due[name.value] = nil
        guard row.state == .established, row.expires <= Self.closeToEnd, due.count < Self.limit else { return }
        due[name.value] = Due(connection: connection, at: sample.takenAt + (UInt64(row.expires) + 1) * 1_000_000_000)
    }

    /// Whatever a reading at `time` should still have met, and did not, was cut.
    private mutating func settle(at time: UInt64) {
        let gone = due.filter { $0.value.at < time }
        for name in gone.keys { due[name] = nil }
        cutCount += gone.count
        cut += gone.values.prefix(max(0, Finding.connectionLimit - cut.count)).map(\.connection)
    }

    func report(on subject: Case) -> RuleReport {
        var ended = self
        ended.settle(at: subject.last.takenAt)
        return ended.finding(subject)
    }

    private func finding(_ subject: Case) -> RuleReport {
        let services = subject.last.services.contains { if case .address(.tcp, _) = $0.identity { true } else { false } }
        guard services, let told = subject.last.facts.ipvs?.tcpTimeout, let keepalive = subject.setting("net.ipv4.tcp_keepalive_time") else {
            return services ? .unchecked("IPVS' timeouts are not known: run as root, or save `ipvsadm -L --timeout` and `sysctl -a` too") : .silence
        }
        let timeout = UInt64(told == 0 ? 900 : told)
        guard timeout < keepalive else { return .silence }
        var finding = Finding(
            rule: Self.id, severity: cutCount > 0 ? .warning : .info,
            title: "IPVS forgets idle TCP connections after \(timeout) s, keepalive comes after \(keepalive) s",
            cause: "The next packet of a connection that IPVS has forgotten is answered with a reset: the client sees a broken connection.",
            remedy: "A keepalive below \(timeout) s in clients or servers (net.ipv4.tcp_keepalive_time=600), or a longer IPVS timeout.",
            references: ["cloudnativelabs/kube-router#521", "kubernetes/kubernetes#84041"])
        finding.evidence = ["IPVS' TCP timeout \(timeout) s, net.ipv4.tcp_keepalive_time \(keepalive) s"]
        if cutCount > 0 {
            finding.evidence.append("\(counted(cutCount, "established connection")) forgotten within \(secondsText(subject.seconds))")
        }
        finding.measures = [Measure("timeout", timeout), Measure("keepalive", keepalive), Measure("cut", cutCount)]
        finding.connections = cut
        finding.commands = [
            NextCommands.set("net.ipv4.tcp_keepalive_time", to: "\(max(1, timeout * 2 / 3))", in: subject),
            subject.commandPrefix + "ipvsadm -l --timeout",
        ]
        return RuleReport(findings: [finding], unchecked: subject.samples.count < 2 ? "whether connections are cut takes two samples" : nil)
    }
}
