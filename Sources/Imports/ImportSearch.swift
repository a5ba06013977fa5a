internal import Glibc
public import KernelState

/// Finds what other tools have saved.
public enum ImportSearch {
    /// The texts at a path, as a source for each network namespace; nil where it is a file of none of the known kinds.
    ///
    /// - Throws: when it cannot be read.
    public static func sources(at path: String) throws(KernelStateError) -> [ImportedSource]? {
        guard let text = try SavedText(path: path) else { return nil }
        return [ImportedSource(path: path, node: name(of: path), texts: [text])]
    }

    /// The texts at several paths: files belong together, each directory is a node of its own.
    ///
    /// - Throws: when one cannot be read, or is of none of the known kinds.
    public static func sources(at paths: [String]) throws(KernelStateError) -> [ImportedSource] {
        var texts: [SavedText] = []
        for path in paths {
            guard let text = try SavedText(path: path) else { throw unknown(path) }
            texts.append(text)
        }
        return [ImportedSource(path: paths.joined(separator: ", "), node: name(of: paths[0]), texts: texts)]
    }

    /// Why a file is not read, with what was looked for.
    public static func unknown(_ path: String) -> KernelStateError {
        KernelStateError(
            operation: "reading \(path)", cause: "its first lines are of no text that is known here",
            remedy: "give what one of these has printed: " + TextKind.allCases.map(\.rawValue).joined(separator: ", "))
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
