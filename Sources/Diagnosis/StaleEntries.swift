import KernelState

/// What the rules about entries that packets keep alive have in common: an entry that only runs down ends by itself and is no
/// finding, and to tell the two apart takes two samples.
struct StaleEntries {
    let suspects: Suspects
    let subject: Case

    init(_ suspects: Suspects, in subject: Case) {
        self.suspects = suspects
        self.subject = subject
    }

    /// - Parameter describe: makes the finding of a group, of which the second argument are the renewed connections.
    func report(_ describe: (Suspects.Group, [Suspect]) -> Finding) -> RuleReport {
        if subject.last.endpoints.isEmpty {
            return .unchecked("which backends serve is not known here: there is no IPVS service, and no --kube")
        }
        let groups = suspects.present(in: subject.last)
        if subject.samples.count < 2 {
            let count = groups.reduce(0) { $0 + $1.count }
            return .unchecked("whether packets renew an entry takes two samples (\(counted(count, "suspect")) in this one)")
        }
        return .findings(
            groups.compactMap { group in
                let renewed = group.renewed
                guard !renewed.isEmpty else { return nil }
                var finding = describe(group, renewed)
                finding.evidence.append("\(renewed.count) of them got packets within \(secondsText(subject.seconds))")
                finding.measures += [Measure("connections", group.count), Measure("renewed", renewed.count)]
                finding.commands = NextCommands.release(finding.connections, in: subject)
                return finding
            })
    }
}
