import Glibc
import KernelState
import Netlink
import Rendering

/// The namespaces of a watch, as they come and go: pods do all day. One that nobody else holds any more is let go of, since an open
/// socket would keep it, with all its devices and addresses.
final class WatchedNamespaces {
    /// Seconds between two looks at what there is; more where a look is dear, as among thousands of processes.
    private static let shortestPeriod = 2.0
    private static let shareOfTime = 0.002

    private let options: PlaceOptions
    private let selection: WatchSelection
    private let emit: (WatchEvent) -> Void
    private(set) var watches: [NamespaceWatch] = []
    /// Those of the watches at their indices, and at vacant ones those that have gone.
    private(set) var places: [Place] = []
    /// Indices of namespaces that have gone. What was told of one may still be on the screen until the next look.
    private var vacant: [PlaceIndex] = []
    private(set) var lookDue: Double

    /// - Parameters:
    ///   - found: what `options` ask for, as it is now. None is held open by whoever found it, or it would outlive its end here.
    ///   - emit: told what happens in any of them.
    /// - Throws: why a table cannot be read that was asked for.
    init(
        _ found: [FoundNamespace], of options: PlaceOptions, _ selection: WatchSelection, emit: @escaping (WatchEvent) -> Void
    ) throws(KernelStateError) {
        self.options = options
        self.selection = selection
        self.emit = emit
        lookDue = options.canComeAndGo ? Host.uptime + Self.shortestPeriod : .infinity
        for source in try options.sources(found) { try follow(source, at: PlaceIndex(places.count)) }
    }

    /// True when no reading is under way: the tables are known as they are.
    var areRead: Bool { !watches.contains(where: \.isReading) }

    /// Those that were asked for by name and are not there; of all there are, nobody asked for one that has gone.
    var missing: [Place] { options.allNetns ? [] : vacant.map { places[Int($0)] } }

    /// What is known of each one's tables.
    var tables: [ReportTables] { watches.map(\.tables) + missing.map(selection.tables(ofGone:)) }

    /// False for those of processes: one that has ended never comes back.
    var mayComeBack: Bool { options.pid.isEmpty }

    /// Why nothing will ever come any more.
    var loss: KernelStateError? {
        guard watches.isEmpty, !mayComeBack else { return nil }
        let names = missing.map(\.namespace.name).joined(separator: ", ")
        return KernelStateError(operation: "network namespace of \(names)", cause: "nobody holds it any more", code: ESRCH)
    }

    /// Looks at what there is, where that is due.
    ///
    /// - Returns: whether other namespaces are watched since.
    func look() -> Bool {
        let start = Host.uptime
        guard start >= lookDue else { return false }
        defer { lookDue = Host.uptime + max(Self.shortestPeriod, (Host.uptime - start) / Self.shareOfTime) }
        do throws(KernelStateError) {
            let present = try options.present()
            let earlier = vacant
            let hasLeft = try leaveWhatIsGone(present)
            let watched = Set(watches.map(\.place.namespace.inode))
            let come = present.filter { !watched.contains($0.namespace.inode) }
            for found in come { try? follow(LiveSource(found), at: index(for: found, earlier)) }
            return hasLeft || !come.isEmpty
        } catch {
            return false  // without files to look at them, nothing is known of any
        }
    }

    /// One that cannot be found where it was may be held elsewhere: a pod by its other processes, after one has ended.
    private func leaveWhatIsGone(_ present: [FoundNamespace]) throws(KernelStateError) -> Bool {
        var held = Set(present.map(\.namespace.inode))
        let isFound = { (watch: NamespaceWatch) in held.contains(watch.place.namespace.inode) || watch.found.isAtPath }
        guard !watches.allSatisfy(isFound) else { return false }
        if !options.allNetns { held.formUnion(try NamespaceSearch.all().map(\.namespace.inode)) }
        let gone = watches.filter { !isFound($0) }
        watches.removeAll { watch in gone.contains { $0 === watch } }
        for watch in gone {
            watch.leave()
            vacant.append(watch.index)
        }
        return !gone.isEmpty
    }

    /// A namespace of the same name takes the place of the one that has gone; another that of one which went before the last look.
    private func index(for found: FoundNamespace, _ earlier: [PlaceIndex]) -> PlaceIndex {
        vacant.first { places[Int($0)].namespace.name == found.namespace.name } ?? earlier.first { vacant.contains($0) }
            ?? PlaceIndex(clamping: places.count)
    }

    private func follow(_ source: LiveSource, at index: PlaceIndex) throws(KernelStateError) {
        watches.append(try NamespaceWatch(source, at: index, selection, emit: emit))
        if Int(index) < places.count { places[Int(index)] = source.place } else { places.append(source.place) }
        vacant.removeAll { $0 == index }
    }
}
