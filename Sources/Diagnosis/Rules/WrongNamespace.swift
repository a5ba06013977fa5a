import KernelState

/// The namespace's count and what its table lists do not belong together, or there is nothing here to see.
struct WrongNamespace: Rule {
    static let id = "wrong-namespace"
    /// Entries whose packet is on its way are counted and not listed: a few.
    private static let slack = 64

    func report(on subject: Case) -> RuleReport {
        let excess = subject.samples.compactMap { Self.excess(of: $0) }
        if subject.scope.isFiltered || excess.count < subject.samples.count { return .silence }
        if subject.samples.count < 2 {
            return excess[0] > 0 ? .unchecked("whether the count stays above what is listed takes two samples") : .silence
        }
        guard excess.allSatisfy({ $0 > 0 }), let read = subject.last.conntrack?.read,
            let count = subject.setting("net.netfilter.nf_conntrack_count")
        else { return .silence }
        var finding = Finding(
            rule: Self.id, severity: .warning,
            title: "\(count) conntrack entries are counted in \(subject.place.namespace.name), \(read) are listed",
            cause:
                "Entries leak or are held back: by packets that wait in a queue (NFQUEUE), or by events that a listener does not "
                + "take (the dying list).",
            remedy: "Look what holds them; be sure that the namespace read is the one meant.", references: ["ntop/PF_RING#521"])
        finding.evidence = [
            "net.netfilter.nf_conntrack_count \(count), entries listed \(read), in \(subject.samples.count) readings over "
                + "\(secondsText(subject.seconds))"
        ]
        finding.measures = [Measure("count", count), Measure("listed", read)]
        finding.commands = [
            "\(NextCommands.conn(in: subject)) --dying", subject.commandPrefix + "cat /proc/net/netfilter/nfnetlink_queue",
            subject.commandPrefix + "conntrack -C",
        ]
        return .findings([finding])
    }

    /// By how much the count is too high; nil where nothing can be said.
    private static func excess(of sample: Sample) -> Int? {
        guard let table = sample.conntrack, table.available, !table.kernelFiltered,
            let count = sample.facts.number("net.netfilter.nf_conntrack_count")
        else { return nil }
        return max(0, Int(clamping: count) - table.read - table.read / 4 - slack)
    }
}
