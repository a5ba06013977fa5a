internal import KernelState

/// Reads what texts tell beside the two tables.
struct FactTexts {
    private let log: ImportLog
    private var facts = NodeFacts()
    private var ipvs = IPVSText()

    /// The facts of all texts together, where several tell the same that of the first. A problem is what could not be read of one.
    static func facts(of texts: [SavedText], _ log: ImportLog) -> NodeFacts {
        var reading = FactTexts(log: log)
        for text in texts { reading.read(text) }
        return reading.joined()
    }

    private init(log: ImportLog) { self.log = log }

    private mutating func read(_ text: SavedText) {
        do throws(KernelStateError) {
            guard try take(text) else { return }
        } catch {
            facts.problems.append(error)
        }
        if let complaint = log.reading(of: text)?.complaint {
            facts.problems.append(KernelStateError(operation: "reading \(text.path)", cause: complaint))
        }
    }

    /// False for a text of one of the tables.
    private mutating func take(_ text: SavedText) throws(KernelStateError) -> Bool {
        switch text.kind {
        case .settings:
            facts.sysctls.merge(try log.read(text, by: SettingParser()).settings) { earlier, _ in earlier }
        case .statistics:
            let statistics = try log.read(text, by: StatisticsParser()).statistics
            if facts.conntrackStatistics.isEmpty { facts.conntrackStatistics = statistics }
        case .ipvsTimeouts: ipvs.fill(from: try log.read(text, by: IPVSTimeoutParser()).text)
        case .ipvsDaemons: ipvs.fill(from: try log.read(text, by: IPVSDaemonParser()).text)
        case .ipvsServiceList, .ipvsServiceTable:
            ipvs.fill(from: try IPVSText(headingOf: text))
            return false
        default: return false
        }
        return true
    }

    private func joined() -> NodeFacts {
        var facts = facts
        facts.ipvs = ipvs.facts
        return facts
    }
}
