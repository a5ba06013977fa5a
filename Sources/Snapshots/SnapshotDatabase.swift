internal import GRDB
internal import KernelState

/// A snapshot file that is open, with its errors in words.
final class SnapshotDatabase: Sendable {
    private let queue: DatabaseQueue
    private let operation: String

    /// Opens a file for reading, after a look at whose it is.
    ///
    /// - Parameter name: what the user calls the file.
    init(reading path: String, shownAs name: String) throws(KernelStateError) {
        operation = "reading \(name)"
        var configuration = Self.configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -4096")
        }
        queue = try Self.open(path, configuration, operation)
        try checkVersion(name)
    }

    /// Makes a file: no journal, since a file that is not finished is thrown away.
    init(creating path: String, shownAs name: String) throws(KernelStateError) {
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
            (try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0, try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0)
        }
        guard application == SnapshotSchema.applicationID, version > 0 else {
            throw KernelStateError(
                operation: operation, cause: "it is an SQLite database, but no snapshot",
                remedy: "give a file that kstate snapshot has written")
        }
        guard version <= SnapshotSchema.version else {
            throw KernelStateError(
                operation: operation, cause: "a later kstate wrote it, in format \(version), and this one reads up to \(SnapshotSchema.version)",
                remedy: "read it with that kstate")
        }
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
