import Correlation
import KernelState
import Rendering

/// `snapshot diff -o table`: a line a difference, `+` for what is new, `-` for what is gone, `~` for what is not as it was.
struct DifferenceText: DifferenceWriter {
    private var before = ConnectionLine(ReportHeader(places: []))
    private var after = ConnectionLine(ReportHeader(places: []))
    private var counts = (new: 0, changed: 0, ended: 0)
    private var namesPlaces = false

    mutating func begin(before: ReportHeader, after: ReportHeader, to output: inout OutputSink) {
        self.before = ConnectionLine(before)
        self.after = ConnectionLine(after)
        namesPlaces = after.places.count > 1
    }

    mutating func write(_ settings: SettingsDifference, of place: Place, to output: inout OutputSink) {
        for (kind, changes) in [("service", settings.services), ("sysctl", settings.sysctls), ("counter", settings.statistics)] {
            for change in changes {
                let sign = change.before == nil ? "+" : change.after == nil ? "-" : "~"
                let values = [change.before, change.after].compactMap { $0 }.joined(separator: " => ")
                let name = namesPlaces ? "\(place.node) \(place.namespace.name) \(kind)" : kind
                output.buffer.appendVisible("\(sign) \(name) \(change.name): \(values)")
                output.buffer.append(UInt8(ascii: "\n"))
            }
        }
    }

    mutating func write(_ item: ConnectionDifferenceItem, to output: inout OutputSink) {
        switch item {
        case .new(let connection):
            counts.new += 1
            line("+", after, connection, &output)
        case .ended(let connection):
            counts.ended += 1
            line("-", before, connection, &output)
        case .changed(let earlier, let later):
            counts.changed += 1
            line("~", before, earlier, &output)
            let isAnother = earlier.conntrack.map { $0.id != later.conntrack?.id && later.conntrack != nil } ?? false
            line("=>", after, later, &output, remark: isAnother ? "  another entry" : "")
        }
    }

    private func line(
        _ sign: String, _ line: ConnectionLine, _ connection: Connection, _ output: inout OutputSink, remark: String = ""
    ) {
        output.buffer.append(contentsOf: sign.utf8)
        line.append(connection, to: &output.buffer)
        output.buffer.append(contentsOf: remark.utf8)
        output.buffer.append(UInt8(ascii: "\n"))
        output.flushIfFull()
    }

    mutating func end(to output: inout OutputSink) {
        output.buffer.append(
            contentsOf: "\(counts.new) new, \(counts.ended) ended, \(counts.changed) changed connections\n".utf8)
    }
}
