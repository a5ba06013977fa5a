internal import KernelState

/// Reads what texts tell beside the two tables.
struct FactTexts {
    private let log: ImportLog
    private var facts = NodeFacts()
    private var ipvs = IPVSText()
    private var network = NetworkText()

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
            takeStatistics(try log.read(text, by: StatisticsParser()).statistics)
        case .kernelStatistics: takeStatistics(try log.read(text, by: KernelStatisticsParser()).statistics)
        case .links: network.add(try log.read(text, by: LinkListParser()).links)
        case .routes: network.add(try log.read(text, by: RouteListParser()).routes)
        case .neighbours: network.add(try log.read(text, by: NeighbourListParser()).neighbours)
        case .forwarding: network.add(try log.read(text, by: ForwardingListParser()).neighbours)
        case .resolver:
            let contents = try log.read(text, by: ResolverTextParser()).text
            facts.resolverConfiguration = facts.resolverConfiguration ?? contents
        case .ipvsTimeouts: ipvs.fill(from: try log.read(text, by: IPVSTimeoutParser()).text)
        case .ipvsDaemons: ipvs.fill(from: try log.read(text, by: IPVSDaemonParser()).text)
        case .ipvsServiceList, .ipvsServiceTable:
            ipvs.fill(from: try IPVSText(headingOf: text))
            return false
        default: return false
        }
        return true
    }

    private mutating func takeStatistics(_ statistics: [ConntrackStatistics]) {
        if facts.conntrackStatistics.isEmpty { facts.conntrackStatistics = statistics }
    }

    private func joined() -> NodeFacts {
        var facts = facts
        facts.ipvs = ipvs.facts
        network.join(to: &facts)
        return facts
    }
}
