internal import Glibc
public import KernelState

/// Finds what other tools have saved.
public enum ImportSearch {
    /// The texts at a path, as a source for each network namespace; nil where it is a file of none of the known kinds.
    ///
    /// - Throws: when it cannot be read, or is a directory without any.
    public static func sources(at path: String) throws(KernelStateError) -> [ImportedSource]? {
        if isDirectory(path) { return try sources(inDirectory: path) }
        if isStream(path) {
            throw KernelStateError(
                operation: "reading \(path)", cause: "what is in a pipe or a device can be read once only",
                remedy: "save it in a file first, and give that")
        }
        // Whether a snapshot is packed in it, only unpacking tells.
        if SnapshotFile.isPacked(path) { return nil }
        guard let text = try SavedText(path: path) else { return nil }
        return [ImportedSource(path: path, node: name(of: path), texts: [text])]
    }

    /// The texts at several paths: files belong together, each directory is a node of its own.
    ///
    /// - Throws: when one cannot be read, or is of none of the known kinds.
    public static func sources(at paths: [String]) throws(KernelStateError) -> [ImportedSource] {
        var directories: [ImportedSource] = []
        var files: [ImportedSource] = []
        for path in paths {
            guard let found = try sources(at: path) else { throw try unreadable(path) }
            if isDirectory(path) { directories += found } else { files += found }
        }
        return joined(files) + directories
    }

    /// Files that belong together as one source, which has the first one's name; none of none.
    public static func joined(_ files: [ImportedSource]) -> [ImportedSource] {
        guard let first = files.first else { return [] }
        let texts = files.flatMap(\.texts)
        // In the order in which they were named.
        return [ImportedSource(path: texts.map(\.path).joined(separator: ", "), node: first.place.node, texts: texts)]
    }

    private static func sources(inDirectory path: String) throws(KernelStateError) -> [ImportedSource] {
        let found = try DirectorySearch(path)
        let snapshots = found.snapshots.sorted()
        let passedOver = found.passedOver.sorted { $0.operation < $1.operation }
        if found.texts.isEmpty {
            if !snapshots.isEmpty { throw unread(snapshots, in: path) }
            throw passedOver.first ?? unknown(path, "no file in it is of a text that is known here")
        }
        let node = NodeIdentity(directory: path)
        let sources = found.texts.sorted { $0.key < $1.key }.map { namespace, texts in
            ImportedSource(
                path: path, node: node.name ?? name(of: path), kernel: node.kernel, namespace: namespace,
                texts: texts.map { $0.dated(by: node.time) })
        }
        sources.first?.snapshots = snapshots
        sources.first?.passedOver = passedOver
        return sources
    }

    /// Of a directory with several, two show how it is written.
    private static func unread(_ snapshots: [String], in path: String) -> KernelStateError {
        let shown = snapshots.prefix(2).map { "--from \($0)" }.joined(separator: " ")
        let what = snapshots.count == 1 ? "1 snapshot" : "\(snapshots.count) snapshots"
        return KernelStateError(
            operation: "reading \(path)", cause: "it is no recorder's directory, and holds \(what)",
            remedy: "give the files themselves: \(shown)\(snapshots.count > 2 ? " …" : "")")
    }

    /// Why a file is no text.
    ///
    /// - Throws: where it cannot be looked into.
    private static func unreadable(_ path: String) throws(KernelStateError) -> KernelStateError {
        if SnapshotFile.isOne(path) {
            return KernelStateError(
                operation: "reading \(path)", cause: "it is a snapshot, and no text",
                remedy: "give it as it is: every reading command takes --from \(path)")
        }
        guard try LineReader(path: path).next() != nil else {
            return KernelStateError(
                operation: "reading \(path)", cause: "it is empty",
                remedy: "save with 2>&1 what conntrack -L and the like print: of an empty table only standard error tells")
        }
        return unknown(path, "its first lines are of no text that is known here")
    }

    private static func unknown(_ path: String, _ cause: String) -> KernelStateError {
        KernelStateError(
            operation: "reading \(path)", cause: cause,
            remedy: "give what one of these has printed: " + TextKind.allCases.map(\.rawValue).joined(separator: ", "))
    }

    /// True for standard input and for a pipe, as the shell's <(…) is one, a socket or a device.
    private static func isStream(_ path: String) -> Bool {
        var status = stat()
        // Elsewhere - is standard input's name; here it is one when there is no such file.
        guard stat(path, &status) == 0 else { return path == "-" }
        return status.st_mode & S_IFMT != S_IFREG
    }

    /// True for a directory, which is one node's.
    public static func isDirectory(_ path: String) -> Bool { DirectoryNames.exist(at: path) }

    /// The path without links and dots, so that one file has one; as it is where there is no such file.
    public static func resolvedPath(_ path: String) -> String { resolved(path) ?? path }

    /// The last part of a path, as `.` has it too.
    private static func name(of path: String) -> String {
        resolved(path)?.split(separator: "/").last.map(String.init) ?? path
    }
}
