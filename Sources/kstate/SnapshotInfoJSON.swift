import Glibc
import KernelState
import Rendering
import Snapshots

/// `snapshot info -o json`: one document of the schema `kstate.snapshot/1`.
struct SnapshotInfoJSON {
    let file: String
    let history: SavedHistory
    /// What holds something of `range`.
    let readers: [SnapshotReader]
    /// The samples' time, nanoseconds since 1970.
    let range: ClosedRange<UInt64>

    func write(to sink: inout OutputSink) throws(KernelStateError) {
        Self.put("{\"schema\":\"kstate.snapshot/1\",\"file\":", &sink)
        sink.buffer.appendJSON(file)
        Self.put(",\"bytes\":\(readers.reduce(0) { $0 + Self.size($1.path) })", &sink)
        if let last = readers.last { try Self.append(properties: last, &sink) }
        if history.isRecording {
            var events: [(count: Int, lost: Int)] = []
            for reader in readers { events.append(try reader.events()) }
            Self.append("segments", Array(zip(readers, events)), &sink) { Self.append(segment: $0.0, $0.1, &$1) }
        }
        let samples = readers.flatMap(\.samples).filter { range.contains($0.takenAt) }
        Self.append("samples", samples, &sink) { Self.append($0, &$1) }
        Self.put("}\n", &sink)
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func append(properties reader: SnapshotReader, _ sink: inout OutputSink) throws(KernelStateError) {
        put(",\"compressed\":\(reader.isCompressed)", &sink)
        if let isIntact = reader.isIntact { put(",\"intact\":\(isIntact)", &sink) }
        put(",\"notes\":{", &sink)
        for (index, note) in reader.notes.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { put(",", &sink) }
            append(note.key, note.value, &sink)
        }
        put("}", &sink)
        guard let names = try reader.names()?.names else { return }
        put(",\"names\":{\"services\":\(names.services.count),\"endpoints\":\(names.endpoints.count)", &sink)
        put(",\"pods\":\(names.pods.count),\"nodes\":\(names.nodes.count)}", &sink)
    }

    private static func append(segment reader: SnapshotReader, _ events: (count: Int, lost: Int), _ sink: inout OutputSink) {
        append("file", reader.path, &sink)
        put(",", &sink)
        append("from", time: reader.samples.first?.takenAt ?? reader.end, &sink)
        put(",", &sink)
        append("to", time: reader.end, &sink)
        put(",\"samples\":\(reader.samples.count),\"events\":\(events.count),\"lost\":\(events.lost)", &sink)
    }

    private static func append(_ sample: SnapshotSample, _ sink: inout OutputSink) {
        put("\"sample\":\(sample.number),", &sink)
        append("taken_at", time: sample.takenAt, &sink)
        append("places", sample.places, &sink) { append($0, &$1) }
    }

    /// A field that is an array of objects, an object a line.
    private static func append<Element>(
        _ name: String, _ elements: [Element], _ sink: inout OutputSink, _ body: (Element, inout OutputSink) -> Void
    ) {
        put(",\n\"\(name)\":[", &sink)
        for (index, element) in elements.enumerated() {
            put(index > 0 ? ",\n  {" : "\n  {", &sink)
            body(element, &sink)
            put("}", &sink)
            sink.flushIfFull()
        }
        put("]", &sink)
    }

    private static func append(_ saved: SnapshotPlace, _ sink: inout OutputSink) {
        append("node", saved.place.node, &sink)
        put(",", &sink)
        append("kernel", saved.place.kernel, &sink)
        put(",\"namespace\":{", &sink)
        append("name", saved.place.namespace.name, &sink)
        put(",\"inode\":\(saved.place.namespace.inode)},", &sink)
        append("taken_at", time: saved.place.takenAt, &sink)
        append("readings", Reading.Subject.allCases.compactMap { saved.readings[$0] }, &sink) { append($0, &$1) }
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
