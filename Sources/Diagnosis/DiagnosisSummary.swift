import KernelState

extension Diagnosis {
    /// Findings of one rule and severity, in one place, that are listed one by one; beyond, they are put together.
    static let groupedFrom = 5

    /// Puts places together, the worst first, and what occurs too often into one finding that counts.
    public static func summary(of parts: [Diagnosis]) -> Diagnosis {
        var whole = Diagnosis()
        for part in parts {
            whole.findings += part.findings
            whole.unchecked += part.unchecked
            whole.clocks += part.clocks
            whole.rules += part.rules.filter { !whole.rules.contains($0) }
        }
        whole.findings = grouped(withoutRefuted(whole.findings))
        return whole
    }

    /// Where another node's table shows that the packets arrived there, and that it is the pod that does not answer them, the overlay
    /// between the two has not lost them.
    private static func withoutRefuted(_ findings: [Finding]) -> [Finding] {
        let arrived = findings.filter { $0.rule == NodeComparison.id && $0.lost == .inPod }
        return findings.filter { finding in
            finding.rule != OverlayChecksum.id
                || !arrived.contains {
                    $0.place == finding.place && $0.transport == finding.transport && $0.backend == finding.backend
                }
        }
    }

    private struct GroupKey: Hashable {
        var rule: String
        var severity: Severity
        var place: PlaceIndex
    }

    private static func grouped(_ findings: [Finding]) -> [Finding] {
        var order: [GroupKey] = []
        var groups: [GroupKey: [Finding]] = [:]
        for finding in findings {
            let key = GroupKey(rule: finding.rule, severity: finding.severity, place: finding.place)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(finding)
        }
        let merged = order.flatMap { key in merge(groups[key] ?? []) }
        return merged.enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
    }

    private static func merge(_ findings: [Finding]) -> [Finding] {
        guard findings.count >= groupedFrom, var first = findings.first else { return findings }
        first.count = findings.count
        first.others = findings.dropFirst().prefix(Finding.connectionLimit).map(\.subject)
        return [first]
    }
}
