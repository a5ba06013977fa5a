import Glibc
import KernelState
import Rendering
import Snapshots

/// `snapshot info -o json`: one document of the schema `kstate.snapshot/1`.
struct SnapshotInfoJSON {
    let file: String
    let reader: SnapshotReader
    let names: ClusterNames?

    func write(to sink: inout OutputSink) {
        var status = stat()
        stat(file, &status)
        Self.put("{\"schema\":\"kstate.snapshot/1\",\"file\":", &sink)
        sink.buffer.appendJSON(file)
        Self.put(",\"bytes\":\(status.st_size),\"compressed\":\(reader.isCompressed)", &sink)
        if let isIntact = reader.isIntact { Self.put(",\"intact\":\(isIntact)", &sink) }
        Self.put(",\"notes\":{", &sink)
        for (index, note) in reader.notes.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { Self.put(",", &sink) }
            Self.append(note.key, note.value, &sink)
        }
        Self.put("}", &sink)
        if let names {
            Self.put(",\"names\":{\"services\":\(names.services.count),\"endpoints\":\(names.endpoints.count)", &sink)
            Self.put(",\"pods\":\(names.pods.count),\"nodes\":\(names.nodes.count)}", &sink)
        }
        Self.put(",\n \"samples\":[", &sink)
        for (index, sample) in reader.samples.enumerated() {
            Self.put(index > 0 ? ",\n  {" : "\n  {", &sink)
            Self.put("\"sample\":\(sample.number),", &sink)
            Self.append("taken_at", time: sample.takenAt, &sink)
            Self.put(",\"places\":[", &sink)
            for (number, place) in sample.places.enumerated() {
                Self.put(number > 0 ? ",\n   {" : "\n   {", &sink)
                Self.append(place, &sink)
                Self.put("}", &sink)
            }
            Self.put("]}", &sink)
            sink.flushIfFull()
        }
        Self.put("]}\n", &sink)
    }

    private static func append(_ saved: SnapshotPlace, _ sink: inout OutputSink) {
        append("node", saved.place.node, &sink)
        put(",", &sink)
        append("kernel", saved.place.kernel, &sink)
        put(",\"namespace\":{", &sink)
        append("name", saved.place.namespace.name, &sink)
        put(",\"inode\":\(saved.place.namespace.inode)},", &sink)
        append("taken_at", time: saved.place.takenAt, &sink)
        put(",\"readings\":[", &sink)
        for (index, reading) in Reading.Subject.allCases.compactMap({ saved.readings[$0] }).enumerated() {
            put(index > 0 ? ",\n    {" : "\n    {", &sink)
            append(reading, &sink)
            put("}", &sink)
        }
        put("]", &sink)
    }

    private static func append(_ reading: Reading, _ sink: inout OutputSink) {
        append("subject", reading.subject.rawValue, &sink)
        put(",", &sink)
        append("started_at", time: reading.startedAt, &sink)
        put(",\"duration_ms\":\(Double(reading.duration / 1_000) / 1_000)", &sink)
        let coverage = reading.coverage
        put(",\"available\":\(coverage.available),\"complete\":\(coverage.complete),\"read\":\(coverage.read)", &sink)
        if coverage.passes > 1 { put(",\"passes\":\(coverage.passes)", &sink) }
        if coverage.undecodable > 0 { put(",\"undecodable\":\(coverage.undecodable)", &sink) }
        if let reason = coverage.reason {
            put(",", &sink)
            append("reason", reason, &sink)
        }
        if let error = reading.error {
            put(",", &sink)
            append("error", error.description, &sink)
        }
    }

    private static func append(_ name: String, _ value: String, _ sink: inout OutputSink) {
        sink.buffer.appendJSON(name)
        put(":", &sink)
        sink.buffer.appendJSON(value)
    }

    private static func append(_ name: String, time: UInt64, _ sink: inout OutputSink) {
        put("\"\(name)\":\"", &sink)
        sink.buffer.appendTime(time)
        put("\"", &sink)
    }

    private static func put(_ text: String, _ sink: inout OutputSink) { sink.buffer.append(contentsOf: text.utf8) }
}
