internal import IPVS
internal import KernelState

/// Reads the texts that fit into the memory whole: services, settings, statistics.
struct SmallTexts {
    let texts: [SavedText]
    let log: ImportLog

    /// The services of all texts together; nil where none tells of any.
    func services() throws(KernelStateError) -> [VirtualService]? {
        var merge = ServiceMerge()
        var found = false
        for text in texts where text.kind.holdsServices {
            merge.add(try services(text))
            found = true
        }
        return found ? merge.merged : nil
    }

    private func services(_ text: SavedText) throws(KernelStateError) -> [ServiceText] {
        switch text.kind {
        case .ipvsSave:
            var parser = ServiceSaveParser()
            try read(text) { parser.parse($0) }
            return parser.services
        case .ipvsServiceTable:
            var services: [VirtualService] = []
            try read(text) { Self.parseTable($0, into: &services) }
            return services.map(ServiceText.init)
        default:
            var parser = ServiceListParser()
            try read(text) { parser.parse($0) }
            return parser.services
        }
    }

    /// The first three lines of /proc/net/ip_vs are headings.
    private static func parseTable(_ line: Line, into services: inout [VirtualService]) -> LineResult<Void> {
        if ServiceTableParser.take(line.bytes, into: &services) { return .entry(()) }
        return line.number <= 3 || line.bytes.isEmpty ? .nothing : .unreadable
    }

    /// Settings and statistics. A problem is what could not be read of them.
    func facts() -> NodeFacts {
        var facts = NodeFacts()
        for text in texts {
            do throws(KernelStateError) {
                switch text.kind {
                case .settings:
                    var parser = SettingParser()
                    try read(text) { parser.parse($0) }
                    facts.sysctls.merge(parser.settings) { earlier, _ in earlier }
                case .statistics:
                    var parser = StatisticsParser()
                    try read(text) { parser.parse($0) }
                    if facts.conntrackStatistics.isEmpty { facts.conntrackStatistics = parser.statistics }
                default: continue
                }
                if let complaint = log.reading(of: text)?.complaint {
                    facts.problems.append(KernelStateError(operation: "reading \(text.path)", cause: complaint))
                }
            } catch {
                facts.problems.append(error)
            }
        }
        return facts
    }

    private func read(_ text: SavedText, _ parse: (Line) -> LineResult<Void>) throws(KernelStateError) {
        let reader = try LineReader(path: text.path)
        var tally = LineTally(text)
        while let line = try reader.next() {
            switch parse(line) {
            case .entry: tally.entries += 1
            case .nothing: break
            case .unreadable: tally.countUnreadable(line)
            }
        }
        log.note(tally)
    }
}
