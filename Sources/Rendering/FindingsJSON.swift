internal import Diagnosis
internal import KernelState

extension FindingsReport {
    /// `-o json`: one document of the schema `kstate.findings/1`.
    public func writeJSON(to output: inout OutputSink) {
        output.buffer.append(UInt8(ascii: "{"))
        header.appendJSON(schema: "kstate.findings/1", to: &output.buffer)
        output.buffer.append(",\"samples\":")
        output.buffer.appendDecimal(UInt64(samples))
        output.buffer.append(",\"seconds\":")
        output.buffer.appendTenths(max(0, seconds))
        appendList(diagnosis.findings, named: ",\n \"findings\":", to: &output) { finding, buffer in append(finding, to: &buffer) }
        appendList(diagnosis.unchecked, named: ",\n \"not_checked\":", to: &output) { unchecked, buffer in
            buffer.append("{\"rule\":")
            buffer.appendJSON(unchecked.rule)
            buffer.append(",\"reason\":")
            buffer.appendJSON(unchecked.reason)
            header.appendPlace(unchecked.place, to: &buffer)
            buffer.append(UInt8(ascii: "}"))
        }
        if header.hasSeveralNodes {
            appendList(diagnosis.clocks, named: ",\n \"clocks\":", to: &output) { clock, buffer in append(clock, to: &buffer) }
        }
        output.buffer.append(",\n \"rules\":")
        Self.appendTexts(diagnosis.rules, to: &output.buffer)
        output.buffer.append(",\n \"tables\":")
        tables.appendJSON(to: &output.buffer)
        output.buffer.append("}\n")
    }

    private func appendList<Item>(
        _ items: [Item], named name: StaticString, to output: inout OutputSink, _ append: (Item, inout [UInt8]) -> Void
    ) {
        output.buffer.append(name)
        output.buffer.append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            output.buffer.append(index == 0 ? "\n  " : ",\n  ")
            append(item, &output.buffer)
            output.flushIfFull()
        }
        output.buffer.append(UInt8(ascii: "]"))
    }

    private func append(_ clock: ClockReading, to buffer: inout [UInt8]) {
        buffer.append("{\"node\":")
        buffer.appendJSON(header.place(clock.place)?.node ?? "")
        buffer.append(",\"reference\":")
        buffer.appendJSON(header.place(clock.reference)?.node ?? "")
        buffer.append(",\"ahead_s\":")
        if clock.seconds < 0 { buffer.append(UInt8(ascii: "-")) }
        buffer.appendTenths(abs(clock.seconds))
        buffer.append(",\"precision_s\":")
        buffer.appendTenths(clock.precision)
        buffer.append(",\"connections\":")
        buffer.appendDecimal(UInt64(clock.connections))
        buffer.append(UInt8(ascii: "}"))
    }

    private func append(_ finding: Finding, to buffer: inout [UInt8]) {
        buffer.append("{\"rule\":")
        buffer.appendJSON(finding.rule)
        buffer.append(",\"severity\":\"")
        buffer.append(contentsOf: finding.severity.name.utf8)
        buffer.append("\",\"title\":")
        buffer.appendJSON(finding.title)
        header.appendPlace(finding.place, to: &buffer)
        if let transport = finding.transport {
            buffer.append(",\"protocol\":")
            buffer.appendJSON(transport.name)
        }
        for (name, endpoint) in [(",\"service\":" as StaticString, finding.service), (",\"backend\":", finding.backend)] {
            guard let endpoint else { continue }
            buffer.append(name)
            ConnectionJSON.append(endpoint, to: &buffer)
        }
        if let lost = finding.lost {
            buffer.append(",\"lost\":")
            buffer.appendJSON(lost.rawValue)
        }
        buffer.append(",\"count\":")
        buffer.appendDecimal(UInt64(finding.count))
        if !finding.others.isEmpty {
            buffer.append(",\"others\":")
            Self.appendTexts(finding.others, to: &buffer)
        }
        appendEvidence(finding, to: &buffer)
        buffer.append(",\"cause\":")
        buffer.appendJSON(finding.cause)
        buffer.append(",\"remedy\":")
        buffer.appendJSON(finding.remedy)
        buffer.append(",\"commands\":")
        Self.appendTexts(finding.commands, to: &buffer)
        buffer.append(",\"references\":")
        Self.appendTexts(finding.references.map(Finding.address), to: &buffer)
        buffer.append(UInt8(ascii: "}"))
    }

    private func appendEvidence(_ finding: Finding, to buffer: inout [UInt8]) {
        buffer.append(",\"evidence\":")
        Self.appendTexts(finding.evidence, to: &buffer)
        buffer.append(",\"numbers\":{")
        for (index, measure) in finding.measures.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.appendJSON(measure.name)
            buffer.append(UInt8(ascii: ":"))
            buffer.appendDecimal(measure.value)
        }
        buffer.append("},\"connections\":[")
        let json = ConnectionJSON(header)
        for (index, connection) in finding.connections.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            json.append(connection, to: &buffer)
        }
        buffer.append(UInt8(ascii: "]"))
    }

    private static func appendTexts(_ texts: [String], to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "["))
        for (index, text) in texts.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            buffer.appendJSON(text)
        }
        buffer.append(UInt8(ascii: "]"))
    }
}
