internal import Glibc

/// The names in a directory.
public enum DirectoryNames {
    /// True for a path that leads to a directory.
    public static func exist(at path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Reads them, hidden ones too, but not `.` and `..`; in order.
    ///
    /// - Throws: where the directory cannot be read.
    public static func all(in directory: String) throws(KernelStateError) -> [String] {
        guard let handle = opendir(directory) else { throw KernelStateError(failed: "reading \(directory)", errno: errno) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
