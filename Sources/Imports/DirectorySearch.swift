internal import Glibc
internal import KernelState

/// Finds the texts below a directory: any, or those that an sos report's tree has of the node itself.
struct DirectorySearch {
    private static let maximumDepth = 16

    private let root: String
    /// nil where the directory is no report.
    private let report: ReportTree?
    /// The texts that were found, by the network namespace that they are of; `host` for those without.
    private(set) var texts: [String: [SavedText]] = [:]
    /// The paths of kstate's own files among them.
    private(set) var snapshots: [String] = []
    /// Why files could not be looked into: they are packed, or belong to somebody else.
    private(set) var passedOver: [KernelStateError] = []

    /// - Throws: when the directory itself cannot be read.
    init(_ path: String) throws(KernelStateError) {
        root = path
        let names = try DirectoryNames.all(in: path)
        report = names.contains("sos_commands") ? ReportTree(path) : nil
        // An sos report has thousands of files.
        for name in report == nil ? names : ReportTree.folders { look(at: name, depth: 0) }
        if report != nil, let resolver = ContainedFile.path(ReportTree.resolver, in: path) { take(resolver, ReportTree.resolver) }
    }

    /// - Parameter name: the path below the root.
    private mutating func look(at name: String, depth: Int) {
        let path = "\(root)/\(name)"
        var status = stat()
        // A link leads to a file that is looked at where it is, or out of the tree.
        guard lstat(path, &status) == 0, depth <= Self.maximumDepth else { return }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: for inner in (try? DirectoryNames.all(in: path)) ?? [] { look(at: "\(name)/\(inner)", depth: depth + 1) }
        case S_IFREG: take(path, name)
        default: break
        }
    }

    private mutating func take(_ path: String, _ name: String) {
        do throws(KernelStateError) {
            guard let text = try SavedText(path: path) else {
                if SnapshotFile.isOne(path) { snapshots.append(path) }
                return
            }
            guard report?.isOfNode(text.kind, at: name) ?? true else { return }
            texts[report?.namespace(of: name) ?? "host", default: []].append(text)
        } catch {
            if SnapshotFile.isOne(path) { snapshots.append(path) } else { passedOver.append(error) }
        }
    }
}
