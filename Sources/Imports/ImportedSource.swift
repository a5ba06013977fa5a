internal import Glibc
public import KernelState

/// What other tools have saved of one network namespace, read as a live one is.
///
/// The node's name is the name of the file or directory, and the time that of the youngest file in it: no text has a time.
public final class ImportedSource: StateSource {
    public let place: Place
    /// The texts, what tells most of an entry first.
    public let texts: [SavedText]
    public let log = ImportLog()
    private let path: String

    /// - Parameter path: what the user calls all of it.
    init(path: String, node: String, kernel: String = "", namespace: String = "host", texts: [SavedText]) {
        self.path = path
        place = Place(
            node: node, kernel: kernel, namespace: NetworkNamespace(name: namespace, inode: 0), takenAt: texts.map(\.modifiedAt).max() ?? 0)
        self.texts = texts.sorted { ($0.kind.rank, -$0.size, $0.path) < ($1.kind.rank, -$1.size, $1.path) }
    }

    /// No kernel filters here.
    public var conntrackSize: ConntrackTableSize? { nil }

    public func openConntrack(_ list: ConntrackList, walks: [KernelWalk]?) throws(KernelStateError) -> any EntrySource<Flow> {
        let flows = list == .confirmed ? texts.filter(\.kind.holdsFlows) : []
        if flows.isEmpty { throw absent("no conntrack entries", "conntrack -L") }
        return TextEntries(flows, log: log, fingerprint: { $0.importedName }, makeParser: { FlowTextParser($0) })
    }

    public func openIPVS() throws(KernelStateError) -> any EntrySource<IPVSConnection> { throw absent("no IPVS connections", "ipvsadm -Lnc") }

    public func services() throws(KernelStateError) -> [VirtualService] { throw absent("no IPVS services", "ipvsadm -Ln") }

    public func facts() -> NodeFacts { NodeFacts() }

    private func absent(_ what: String, _ command: String) -> KernelStateError {
        KernelStateError(operation: "reading \(path)", cause: "it holds \(what)", remedy: "save what \(command) prints beside it", code: ENOENT)
    }
}

extension TextKind {
    /// The lower tells more of an entry.
    fileprivate var rank: Int {
        switch self {
        case .conntrackLines: 0
        case .conntrackXML: 1
        case .conntrackSave: 2
        }
    }
}
