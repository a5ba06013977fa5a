import Correlation
import KernelState
import Rendering

/// `snapshot diff -o json`: one document of the schema `kstate.diff/1`, whose connections stream in the order in which they are found.
struct DifferenceJSON: DifferenceWriter {
    private var before = ConnectionJSON()
    private var after = ConnectionJSON()
    private var hasSettings = false
    private var hasConnections = false
    private var counts = (new: 0, changed: 0, ended: 0)

    mutating func begin(before: ReportHeader, after: ReportHeader, to output: inout OutputSink) {
        self.before = ConnectionJSON(before)
        self.after = ConnectionJSON(after)
        Self.put("{\"schema\":\"kstate.diff/1\",\"before\":\"", &output)
        output.buffer.appendTime(before.places.first?.takenAt ?? 0)
        Self.put("\",\"after\":\"", &output)
        output.buffer.appendTime(after.places.first?.takenAt ?? 0)
        Self.put("\",\n \"places\":[", &output)
    }

    mutating func write(_ settings: SettingsDifference, of place: Place, to output: inout OutputSink) {
        Self.put(hasSettings ? ",\n  {\"node\":" : "\n  {\"node\":", &output)
        hasSettings = true
        output.buffer.appendJSON(place.node)
        Self.put(",\"namespace\":", &output)
        output.buffer.appendJSON(place.namespace.name)
        for (name, changes) in [("services", settings.services), ("sysctls", settings.sysctls), ("statistics", settings.statistics)] {
            Self.put(",\"\(name)\":[", &output)
            for (index, change) in changes.enumerated() {
                Self.put(index > 0 ? ",{\"name\":" : "{\"name\":", &output)
                output.buffer.appendJSON(change.name)
                Self.put(",\"before\":", &output)
                if let text = change.before { output.buffer.appendJSON(text) } else { Self.put("null", &output) }
                Self.put(",\"after\":", &output)
                if let text = change.after { output.buffer.appendJSON(text) } else { Self.put("null", &output) }
                Self.put("}", &output)
            }
            Self.put("]", &output)
        }
        Self.put("}", &output)
    }

    mutating func write(_ item: ConnectionDifferenceItem, to output: inout OutputSink) {
        Self.put(hasConnections ? ",\n  {" : "],\n \"connections\":[\n  {", &output)
        hasConnections = true
        switch item {
        case .new(let connection):
            counts.new += 1
            Self.put("\"change\":\"new\",\"after\":", &output)
            after.append(connection, to: &output.buffer)
        case .ended(let connection):
            counts.ended += 1
            Self.put("\"change\":\"ended\",\"before\":", &output)
            before.append(connection, to: &output.buffer)
        case .changed(let earlier, let later):
            counts.changed += 1
            Self.put("\"change\":\"changed\",\"before\":", &output)
            before.append(earlier, to: &output.buffer)
            Self.put(",\"after\":", &output)
            after.append(later, to: &output.buffer)
        }
        Self.put("}", &output)
        output.flushIfFull()
    }

    mutating func end(to output: inout OutputSink) {
        Self.put(hasConnections ? "],\n" : "],\n \"connections\":[],\n", &output)
        Self.put(" \"counts\":{\"new\":\(counts.new),\"ended\":\(counts.ended),\"changed\":\(counts.changed)}}\n", &output)
    }

    private static func put(_ text: String, _ output: inout OutputSink) { output.buffer.append(contentsOf: text.utf8) }
}
