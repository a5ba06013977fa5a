public import KernelState

/// Reads both tables side by side and hands out joined connections.
///
/// Their order depends on the order of the two tables alone, and not on how many entries a source hands out at a time: a file's
/// connections come as the kernel's do.
public struct ConnectionReader {
    public var services: ServiceIndex
    /// Entries that may be wanted once joined; what these refuse is never kept.
    public var wantsFlow: (borrowing Flow) -> Bool
    public var wantsRow: (borrowing IPVSConnection) -> Bool
    /// Asked now and then: true ends the reading early.
    public var isEnough: () -> Bool

    public init(
        services: ServiceIndex, wantsFlow: @escaping (borrowing Flow) -> Bool,
        wantsRow: @escaping (borrowing IPVSConnection) -> Bool, isEnough: @escaping () -> Bool = { false }
    ) {
        self.services = services
        self.wantsFlow = wantsFlow
        self.wantsRow = wantsRow
        self.isEnough = isEnough
    }

    /// Reads until both sources end; nil for a table that is not there or was not asked for. The one of which fewer entries wait
    /// goes on first, so that no more of either is held than the smaller selection has, and about as many of the other.
    ///
    /// - Returns: why a source ended before its time. The other is read to its end all the same.
    public func read(
        flows: (any EntrySource<Flow>)?, rows: (any EntrySource<IPVSConnection>)?, _ emit: (Connection) -> Void
    ) -> (flows: KernelStateError?, rows: KernelStateError?) {
        var flows = EntryStream(flows, wanted: wantsFlow)
        var rows = EntryStream(rows, wanted: wantsRow)
        var join = ConnectionJoin(conntrack: flows.isOpen, ipvs: rows.isOpen, services: services)
        while flows.isOpen, rows.isOpen, !isEnough() {
            if join.waitingRows <= join.waitingFlows {
                if let row = rows.next() { join.add(row, emit) } else { join.endRows(emit) }
            } else {
                if let flow = flows.next() { join.add(flow, emit) } else { join.endFlows(emit) }
            }
        }
        if isEnough() { return (flows.error, rows.error) }
        // One is left at most, and nothing of it waits any more.
        if rows.isOpen, rows.readAll(isEnough, { join.add(copy $0, emit) }) { join.endRows(emit) }
        if flows.isOpen, flows.readAll(isEnough, { join.add(copy $0, emit) }) { join.endFlows(emit) }
        return (flows.error, rows.error)
    }
}

/// A source's wanted entries, one by one as long as that matters, and then as they come.
private struct EntryStream<Entry> {
    /// False once every entry was handed out.
    private(set) var isOpen: Bool
    /// Why the source ended before its time.
    private(set) var error: KernelStateError?
    private let source: (any EntrySource<Entry>)?
    private let wanted: (borrowing Entry) -> Bool
    private var hasMore: Bool
    /// What has come and was not handed out.
    private var portion: ArraySlice<Entry> = []

    init(_ source: (any EntrySource<Entry>)?, wanted: @escaping (borrowing Entry) -> Bool) {
        self.source = source
        self.wanted = wanted
        isOpen = source != nil
        hasMore = source != nil
    }

    /// The next entry; nil at the end.
    mutating func next() -> Entry? {
        while portion.isEmpty, hasMore {
            var came: [Entry] = []
            receive { came.append(copy $0) }
            portion = came[...]
        }
        if portion.isEmpty { isOpen = false }
        return portion.popFirst()
    }

    /// Hands out what is left, without keeping any more of it; false when `isEnough` has ended that early.
    mutating func readAll(_ isEnough: () -> Bool, _ body: (borrowing Entry) -> Void) -> Bool {
        for entry in portion { body(entry) }
        portion = []
        while hasMore {
            if isEnough() { return false }
            receive(body)
        }
        isOpen = false
        return true
    }

    private mutating func receive(_ body: (borrowing Entry) -> Void) {
        do throws(KernelStateError) {
            hasMore = try source?.next(where: wanted, body) ?? false
        } catch {
            self.error = error
            hasMore = false
        }
    }
}
