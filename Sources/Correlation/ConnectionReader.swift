public import KernelState

/// Reads both tables side by side and hands out joined connections.
public struct ConnectionReader {
    public var services: ServiceIndex
    /// Entries that may be wanted once joined; what these refuse is never kept.
    public var wantsFlow: (borrowing Flow) -> Bool
    public var wantsRow: (borrowing IPVSConnection) -> Bool
    /// Asked after each portion: true ends the reading early.
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
        var errors: (flows: KernelStateError?, rows: KernelStateError?) = (nil, nil)
        var moreFlows = flows != nil
        var moreRows = rows != nil
        var join = ConnectionJoin(conntrack: moreFlows, ipvs: moreRows, services: services)
        while moreFlows || moreRows {
            if isEnough() { return errors }
            if let rows, moreRows, !moreFlows || join.waitingRows <= join.waitingFlows {
                do throws(KernelStateError) {
                    moreRows = try rows.next(where: wantsRow) { row in join.add(copy row, emit) }
                } catch {
                    errors.rows = error
                    moreRows = false
                }
                if !moreRows { join.endRows(emit) }
            } else if let flows {
                do throws(KernelStateError) {
                    moreFlows = try flows.next(where: wantsFlow) { flow in join.add(copy flow, emit) }
                } catch {
                    errors.flows = error
                    moreFlows = false
                }
                if !moreFlows { join.endFlows(emit) }
            }
        }
        return errors
    }
}
