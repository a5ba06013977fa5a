internal import Glibc
internal import IPVS
public import KernelState

/// What other tools have saved of one network namespace, read as a live one is.
///
/// The node's name is the name of the file or directory, and the time that of the youngest file in it: no text has a time.
public final class ImportedSource: StateSource {
    public let place: Place
    /// The texts, what tells most of an entry first.
    public let texts: [SavedText]
    public let log = ImportLog()
    /// What the user calls all of it.
    public let path: String
    /// The paths of kstate's own files that lie among the texts and are not read.
    public internal(set) var snapshots: [String] = []
    /// Why files that lie among the texts could not be looked into.
    public internal(set) var passedOver: [KernelStateError] = []

    /// - Parameters:
    ///   - path: what the user calls all of it.
    ///   - node: the host's name.
    ///   - kernel: `uname -r`; empty where nothing tells.
    ///   - namespace: the network namespace's name.
    ///   - texts: in any order. Of two that tell as much the shorter comes first: the kernel's own file of conntrack, which tells no helper,
    ///     writes the longer addresses.
    init(path: String, node: String, kernel: String = "", namespace: String = "host", texts: [SavedText]) {
        self.path = path
        place = Place(
            node: node, kernel: kernel, namespace: NetworkNamespace(name: namespace, inode: 0), takenAt: texts.map(\.modifiedAt).max() ?? 0)
        self.texts = TextKind.allCases.flatMap { kind in
            texts.filter { $0.kind == kind }.sorted {
                ($0.isFuller ? 0 : 1, $0.size, $0.path) < ($1.isFuller ? 0 : 1, $1.size, $1.path)
            }
        }
    }

    /// No kernel filters here.
    public var conntrackSize: ConntrackTableSize? { nil }

    public func openConntrack(
        _ list: ConntrackList, walks: [KernelWalk]?, selection: PortSelection?
    ) throws(KernelStateError) -> any EntrySource<Flow> {
        let flows = texts.filter(\.kind.holdsFlows)
        if list != .confirmed { throw KernelStateError(operation: "reading \(path)", cause: "no text tells of entries in that list", code: ENOENT) }
        if flows.isEmpty { throw absent("no conntrack entries", "conntrack -L") }
        return TextEntries(flows, log: log, fingerprint: { $0.importedName }, makeParser: { FlowTextParser($0) })
    }

    public func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> {
        let rows = texts.filter(\.kind.holdsConnections)
        // What services lack is told with the table that they belong to.
        let services = texts.filter(\.kind.holdsServices).compactMap { log.reading(of: $0) }
        if rows.isEmpty {
            if let complaint = services.compactMap(\.complaint).first { throw KernelStateError(operation: "reading \(path)", cause: complaint) }
            throw absent("no IPVS connections", "ipvsadm -Lnc")
        }
        return TextEntries(
            rows, alongside: services, log: log, fingerprint: { $0.fingerprint.value }, makeParser: { IPVSTextParser(kind: $0.kind) })
    }

    public func services() throws(KernelStateError) -> [VirtualService] {
        // Connections alone tell nothing of services: as an empty table they would look as if they had lost theirs.
        guard let services = try ServiceTexts(texts: texts, log: log).services() else { throw absent("no IPVS services", "ipvsadm -Ln") }
        return services
    }

    public func facts() -> NodeFacts { FactTexts.facts(of: texts, log) }

    private func absent(_ what: String, _ command: String) -> KernelStateError {
        KernelStateError(operation: "reading \(path)", cause: "it holds \(what)", remedy: "save what \(command) prints beside it", code: ENOENT)
    }
}
