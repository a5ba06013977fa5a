internal import Diagnosis
internal import KernelState

/// `-o table`: the findings for a person to read, and their commands to copy.
public struct FindingsText {
    private static let indent = 12

    private let report: FindingsReport
    private let width: Int
    private let colour: Bool

    /// - Parameters:
    ///   - width: the terminal's columns; nil off a terminal. Sentences are broken there, commands and entries never.
    ///   - report: what is told.
    ///   - colour: whether sequences for colours may be written.
    public init(_ report: FindingsReport, width: Int?, colour: Bool) {
        self.report = report
        self.width = max(width ?? 100, 40)
        self.colour = colour
    }

    public func write(to output: inout OutputSink) {
        for finding in report.diagnosis.findings {
            append(finding, to: &output.buffer)
            output.buffer.append(UInt8(ascii: "\n"))
            output.flushIfFull()
        }
        appendUnchecked(to: &output)
        appendClocks(to: &output)
        appendSummary(to: &output.buffer)
    }

    private func append(_ finding: Finding, to buffer: inout [UInt8]) {
        appendHeadline(finding, to: &buffer)
        if let place = report.header.label(of: finding.place) { appendSentence("where", place, to: &buffer) }
        if finding.count > 1 {
            appendSentence(
                "also",
                "\(finding.count - 1) more of this kind: "
                    + "\(finding.others.joined(separator: ", "))\(finding.others.count < finding.count - 1 ? ", …" : "")",
                to: &buffer)
        }
        for (index, line) in finding.evidence.enumerated() { appendSentence(index == 0 ? "evidence" : "", line, to: &buffer) }
        for connection in finding.connections {
            appendLabel("", to: &buffer)
            connection.appendLine(to: &buffer)
            buffer.append(UInt8(ascii: "\n"))
        }
        appendSentence("cause", finding.cause, to: &buffer)
        appendSentence("remedy", finding.remedy, to: &buffer)
        appendLines("next", finding.commands, to: &buffer)
        appendLines("thread", finding.references.map(Finding.address), to: &buffer)
    }

    private func appendHeadline(_ finding: Finding, to buffer: inout [UInt8]) {
        if colour { buffer.append(Style.of(finding.severity)) }
        buffer.append(contentsOf: finding.severity.name.uppercased().utf8)
        if colour { buffer.append(Style.reset) }
        buffer.append("  ")
        if colour { buffer.append(Style.bold) }
        buffer.appendVisible(finding.title)
        if colour { buffer.append(Style.reset) }
        buffer.append("  [")
        buffer.append(contentsOf: finding.rule.utf8)
        buffer.append("]\n")
    }

    private func appendLabel(_ label: String, to buffer: inout [UInt8]) {
        buffer.append("  ")
        buffer.append(contentsOf: label.utf8)
        buffer.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(1, Self.indent - 2 - label.utf8.count)))
    }

    private func appendLines(_ label: String, _ lines: [String], to buffer: inout [UInt8]) {
        for (index, line) in lines.enumerated() {
            appendLabel(index == 0 ? label : "", to: &buffer)
            buffer.appendVisible(line)
            buffer.append(UInt8(ascii: "\n"))
        }
    }

    /// Breaks between words so that no line is wider than the screen.
    private func appendSentence(_ label: String, _ text: String, to buffer: inout [UInt8]) {
        appendLabel(label, to: &buffer)
        var column = Self.indent
        for word in text.split(separator: " ") {
            if column > Self.indent, column + 1 + word.count > width {
                buffer.append(UInt8(ascii: "\n"))
                appendLabel("", to: &buffer)
                column = Self.indent
            }
            if column > Self.indent {
                buffer.append(UInt8(ascii: " "))
                column += 1
            }
            buffer.appendVisible(String(word))
            column += word.count
        }
        buffer.append(UInt8(ascii: "\n"))
    }

    private func appendUnchecked(to output: inout OutputSink) {
        guard !report.diagnosis.unchecked.isEmpty else { return }
        output.buffer.append("Not checked, or not wholly:\n")
        let longest = report.diagnosis.unchecked.map(\.rule.count).max() ?? 0
        for unchecked in report.diagnosis.unchecked {
            output.buffer.append("  ")
            output.buffer.append(contentsOf: unchecked.rule.utf8)
            output.buffer.append(contentsOf: repeatElement(UInt8(ascii: " "), count: longest + 2 - unchecked.rule.count))
            output.buffer.appendVisible(unchecked.reason)
            if let place = report.header.label(of: unchecked.place) { output.buffer.appendVisible(" (\(place))") }
            output.buffer.append(UInt8(ascii: "\n"))
            output.flushIfFull()
        }
        output.buffer.append(UInt8(ascii: "\n"))
    }

    private func appendClocks(to output: inout OutputSink) {
        guard !report.diagnosis.clocks.isEmpty else { return }
        output.buffer.append("Clocks:\n")
        for clock in report.diagnosis.clocks {
            guard let node = report.header.place(clock.place)?.node, let reference = report.header.place(clock.reference)?.node else { continue }
            output.buffer.append("  ")
            output.buffer.appendVisible(clock.sentence(node, against: reference))
            output.buffer.append(UInt8(ascii: "\n"))
            output.flushIfFull()
        }
        output.buffer.append(UInt8(ascii: "\n"))
    }

    private func appendSummary(to buffer: inout [UInt8]) {
        let counts = Severity.allCases.reversed().compactMap { severity -> String? in
            let count = report.diagnosis.findings.filter { $0.severity == severity }.reduce(0) { $0 + $1.count }
            return count == 0 ? nil : "\(count) \(severity.name)"
        }
        buffer.append(contentsOf: (counts.isEmpty ? "Nothing found" : "Found: " + counts.joined(separator: ", ")).utf8)
        let samples = report.samples == 1 ? "1 sample" : "\(report.samples) samples"
        buffer.append(contentsOf: "; \(report.diagnosis.rules.count) rules over \(samples)".utf8)
        if report.samples > 1 { buffer.append(contentsOf: " in \(Int(report.seconds.rounded())) s".utf8) }
        buffer.append(".\n")
    }
}

extension Connection {
    /// `tcp 10.0.0.9:38594 -> 10.96.0.3:53 -> 10.0.1.1:53  IPVS SYN_RECV 59 s  conntrack SYN_SENT UNREPLIED 116 s`.
    fileprivate func appendLine(to buffer: inout [UInt8]) {
        buffer.append(contentsOf: transport.name.utf8)
        for (index, end) in [client, service, backend].compactMap({ $0 }).enumerated() {
            buffer.append(index == 0 ? " " : " -> ")
            end.write(to: &buffer)
        }
        if let row = ipvs {
            buffer.append("  IPVS ")
            buffer.appendVisible("\(row.state.name) \(row.expires) s")
        }
        guard let flow = conntrack else { return }
        buffer.append("  conntrack")
        if let state = flow.state {
            buffer.append(UInt8(ascii: " "))
            buffer.append(contentsOf: state.name.utf8)
        }
        FlowFlags.forEach(flow.status) { name in
            buffer.append(UInt8(ascii: " "))
            buffer.append(contentsOf: name.utf8)
        }
        if let timeout = flow.timeout { buffer.append(contentsOf: " \(timeout) s".utf8) }
        if zone != 0 { buffer.append(contentsOf: " zone \(zone)".utf8) }
    }
}

extension ReportHeader {
    /// Names a place where there are several; nil where there is only one.
    func label(of index: PlaceIndex) -> String? {
        guard places.count > 1, let place = place(index) else { return nil }
        return hasSeveralNodes ? "\(place.node), \(place.namespace.name)" : place.namespace.name
    }
}
