internal import GRDB
internal import GRDBSQLite
internal import Glibc
internal import KernelState

extension KernelStateError {
    /// What SQLite or the disk said, in words for whoever named the file.
    ///
    /// - Parameter operation: what was being done, with the file's name.
    init(_ error: any Error, operation: String) {
        if let known = error as? KernelStateError {
            self = known
        } else if let known = error as? DatabaseError {
            let (cause, remedy, code) = Self.explanation(known)
            self.init(operation: operation, cause: cause, remedy: remedy, code: code)
        } else {
            self.init(operation: operation, cause: "\(error)")
        }
    }

    private static func explanation(_ error: DatabaseError) -> (cause: String, remedy: String, code: Int32) {
        switch error.resultCode {
        case .SQLITE_NOTADB:
            (
                "it is no snapshot, and no text that is known here",
                "give a file that kstate snapshot has written, or what conntrack -L or ipvsadm -L has printed", 0
            )
        case .SQLITE_CORRUPT: ("the file is damaged (\(error.message ?? "malformed"))", "take the snapshot again, or copy it again", 0)
        case .SQLITE_BUSY, .SQLITE_LOCKED: ("another program has locked it", "try again once that program has ended", EBUSY)
        case .SQLITE_FULL: ("No space left on device", "make room, or save to another disk", ENOSPC)
        case .SQLITE_READONLY: ("the file or its disk is read-only", "save to another directory", EROFS)
        case .SQLITE_CANTOPEN: ("it cannot be opened", "", 0)
        case .SQLITE_NOMEM: ("out of memory", "", ENOMEM)
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ:
            ("the file is cut short", "copy it again", 0)
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            ("No space left on device", "make room beside it: a recording's journal is read with an index of 32 KB", ENOSPC)
        default: (error.message ?? "SQLite error \(error.resultCode.rawValue)", "", 0)
        }
    }
}

extension DatabaseError {
    /// A row that no kstate writes.
    static func damaged(_ what: String) -> DatabaseError { DatabaseError(resultCode: .SQLITE_CORRUPT, message: what) }
}
