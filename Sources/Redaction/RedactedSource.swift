internal import KernelState

/// A source whose records have other addresses and names than the one behind it.
final class RedactedSource: StateSource {
    private let source: any StateSource
    private let redaction: Redaction
    let place: Place

    init(_ source: any StateSource, _ redaction: Redaction) {
        self.source = source
        self.redaction = redaction
        place = redaction.redacted(source.place)
    }

    /// What a kernel would filter by is not what it has.
    var conntrackSize: ConntrackTableSize? { nil }

    func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        try redacting { () throws(KernelStateError) in
            RedactedEntries(try source.openConntrack(list, walks: nil), redaction) { [redaction] in redaction.redacted($0) }
        }
    }

    func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        try redacting { () throws(KernelStateError) in
            RedactedEntries(try source.openIPVS(), redaction) { [redaction] in redaction.redacted($0) }
        }
    }

    func services() throws(KernelStateError) -> [VirtualService] {
        try redacting { () throws(KernelStateError) in try source.services().map { redaction.redacted($0) } }
    }

    func facts() -> NodeFacts { redaction.redacted(source.facts()) }

    func savedNames() throws(KernelStateError) -> SavedNames? {
        try redacting { () throws(KernelStateError) in try source.savedNames().map { redaction.redacted($0) } }
    }

    private func redacting<Value>(_ body: () throws(KernelStateError) -> Value) throws(KernelStateError) -> Value {
        do throws(KernelStateError) {
            return try body()
        } catch {
            throw redaction.redacted(error)
        }
    }
}

/// Entries of another source, each redacted before it is looked at.
private final class RedactedEntries<Entry>: EntrySource {
    private let entries: any EntrySource<Entry>
    private let redaction: Redaction
    private let map: (Entry) -> Entry

    init(_ entries: any EntrySource<Entry>, _ redaction: Redaction, map: @escaping (Entry) -> Entry) {
        self.entries = entries
        self.redaction = redaction
        self.map = map
    }

    var coverage: TableCoverage { redaction.redacted(entries.coverage) }

    func next(where wanted: (borrowing Entry) -> Bool, _ body: (borrowing Entry) -> Void) throws(KernelStateError) -> Bool {
        do throws(KernelStateError) {
            return try entries.next(where: { _ in true }) { entry in
                let mapped = map(copy entry)
                if wanted(mapped) { body(mapped) }
            }
        } catch {
            throw redaction.redacted(error)
        }
    }
}
