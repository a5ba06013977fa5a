internal import GRDB
internal import Glibc
internal import KernelState

/// A snapshot file that is open, with its errors in words.
final class SnapshotDatabase: Sendable {
    private let queue: DatabaseQueue
    private let operation: String
    /// Held for as long as SQLite reads it: a process that closes a file gives up all its locks on it (POSIX), those too that keep a
    /// recorder from folding the journal under a reader.
    private let file: PlainFile?

    /// Opens a file for reading, after a look at whose it is.
    ///
    /// - Parameter name: what the user calls the file.
    init(reading file: PlainFile, shownAs name: String) throws(KernelStateError) {
        self.file = file
        operation = "reading \(name)"
        var configuration = Self.configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096")
        }
        queue = try Self.open(file.path, configuration, operation)
        file.forgetName()
        try checkVersion(name)
    }

    /// Makes a file: no journal, since a file that is not finished is thrown away.
    init(creating path: String, shownAs name: String) throws(KernelStateError) {
        file = nil
        operation = "writing \(name)"
        var configuration = Self.configuration()
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
                    PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY
                    """)
        }
        queue = try Self.open(path, configuration, operation)
    }

    /// Makes a file that is read while it is written: what is committed survives the writer's end, however it comes, in a journal beside
    /// the file (SQLite's WAL), and who reads sees the state of the last commit.
    init(recording path: String) throws(KernelStateError) {
        file = nil
        operation = "writing \(path)"
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw KernelStateError(failed: operation, errno: errno) }
        Glibc.close(descriptor)
        var configuration = Self.configuration()
        // Somebody may look at the file in the moment in which it gets its journal.
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192;
                    PRAGMA journal_size_limit = 1048576; PRAGMA temp_store = MEMORY
                    """)
        }
        queue = try Self.open(path, configuration, operation)
    }

    /// Takes the journal of a recording that has ended into its file, which is then one file again. Somebody who reads it at the moment
    /// is not waited for: false says that the journal is still there.
    static func foldJournal(of path: String) -> Bool {
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration())
            let mode = try queue.inDatabase { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
            try queue.close()
            return mode == "delete"
        } catch {
            return false
        }
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.allowsUnsafeTransactions = true
        return configuration
    }

    private static func open(_ path: String, _ configuration: Configuration, _ operation: String) throws(KernelStateError) -> DatabaseQueue {
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw KernelStateError(error, operation: operation)
        }
    }

    private func checkVersion(_ name: String) throws(KernelStateError) {
        let (application, version) = try perform { database in
            // All that is read is of one state of a file that somebody may go on writing.
            try database.execute(sql: "BEGIN")
            return (try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0, try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0)
        }
        if application == 0, try perform({ try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }) == 0 {
            throw KernelStateError(
                operation: operation, cause: "it is empty",
                remedy:
                    "wait a moment where a recorder has begun it; of an empty table conntrack -L tells on standard error: save that too, with 2>&1",
                code: ENODATA)
        }
        guard application == SnapshotMarks.applicationID, version > 0 else {
            throw KernelStateError(
                operation: operation, cause: "it is an SQLite database, but no snapshot",
                remedy: "give a file that kstate snapshot has written")
        }
        guard version <= SnapshotSchema.version else {
            throw Self.tooNew(version, operation)
        }
    }

    static func tooNew(_ version: Int32, _ operation: String) -> KernelStateError {
        KernelStateError(
            operation: operation, cause: "a later kstate wrote it, in format \(version), and this one reads up to \(SnapshotSchema.version)",
            remedy: "read it with that kstate")
    }

    func perform<Value>(_ body: (Database) throws -> Value) throws(KernelStateError) -> Value {
        do {
            return try queue.inDatabase(body)
        } catch {
            throw KernelStateError(error, operation: operation)
        }
    }

    /// Runs on the database's thread, after what it has been given before.
    func performLater(_ body: @escaping @Sendable () -> Void) {
        queue.asyncWriteWithoutTransaction { _ in body() }
    }

    /// Ends the statements that `store` holds, and closes the file.
    func close<Store>(releasing store: QueueConfined<Store>) throws(KernelStateError) {
        try perform { _ in store.release() }
        do {
            try queue.close()
        } catch {
            throw KernelStateError(error, operation: operation)
        }
    }
}

/// What only the database's thread may touch.
final class QueueConfined<Value>: @unchecked Sendable {
    private var held: Value?

    init(_ value: Value) { held = value }

    var value: Value {
        guard let held else { preconditionFailure("used after it was released") }
        return held
    }

    func release() { held = nil }
}
