internal import CLinux
internal import Glibc

/// What a signal that ends the process must take away.
enum PartialFiles {
    /// One at a time: a process writes one file.
    static func remember(_ path: String) { kst_unlink_on_signal(path) }

    static func forget() { kst_unlink_on_signal(nil) }
}
