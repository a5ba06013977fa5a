import KernelState

/// A persistence template that pins a client to a drained backend.
struct QuiescentTemplate: Rule {
    static let id = "quiescent-template"
    private static let setting = IPVSSetting.expireQuiescentTemplate
    private var suspects = Suspects()

    func interest(in sample: Sample) -> Interest { .having([.template]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        guard let row = connection.ipvs, sample.endpoints.standing(of: row) == .drained else { return }
        suspects.note(connection, timer: row.expires, in: sample)
    }

    func report(on subject: Case) -> RuleReport {
        .findings(suspects.present(in: subject.last).map { finding($0, subject) })
    }

    private func finding(_ group: Suspects.Group, _ subject: Case) -> Finding {
        let renewed = group.renewed
        var finding = Finding(
            rule: Self.id, severity: renewed.isEmpty ? .info : .warning,
            title: "persistence pins clients to \(group.subject.backend), which is drained (weight 0)",
            cause:
                "A persistence template outlives the weight of its backend: new connections of the same client still go there, and each renews it.",
            remedy: "\(Self.setting)=1 lets IPVS choose another backend for them.", references: ["kubernetes/kubernetes#71809"])
        finding.describe(group, showing: renewed.isEmpty ? group.kept : renewed)
        finding.evidence = [
            "\(counted(group.count, "template")) to a backend of weight 0",
            "\(renewed.count) of them renewed by new connections within \(secondsText(subject.seconds))",
        ]
        if let value = subject.setting(Self.setting) { finding.evidence.append("\(Self.setting)=\(value)") }
        finding.measures = [Measure("templates", group.count), Measure("renewed", renewed.count)]
        finding.commands = [NextCommands.set(Self.setting, to: "1", in: subject)]
        return finding
    }
}
