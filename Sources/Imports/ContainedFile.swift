internal import Glibc

/// Files of a directory that somebody else has packed.
enum ContainedFile {
    /// Where a path in `directory` leads, over links too; nil where that is nowhere, or out of the directory.
    static func path(_ path: String, in directory: String) -> String? {
        guard let root = resolved(directory), let file = resolved("\(directory)/\(path)"), file.hasPrefix(root == "/" ? root : root + "/")
        else { return nil }
        return file
    }
}

/// A path without links, `.` and `..`; nil where it leads nowhere.
func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}
