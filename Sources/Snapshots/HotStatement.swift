internal import GRDB
internal import GRDBSQLite
internal import KernelState

/// A prepared statement for a million rows: SQLite's own calls, where GRDB's values would cost more than the row.
struct HotStatement: ~Copyable {
    private let handle: OpaquePointer
    private let connection: OpaquePointer?

    init(_ database: Database, _ sql: String) throws {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(database.sqliteConnection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else {
            throw HotStatement.error(code, database.sqliteConnection)
        }
        handle = statement
        connection = database.sqliteConnection
    }

    deinit { sqlite3_finalize(handle) }

    private static func error(_ code: Int32, _ connection: OpaquePointer?) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
    }

    // MARK: Writing

    @inline(__always)
    func bind(_ column: Int32, _ number: some FixedWidthInteger) {
        sqlite3_bind_int64(handle, column, Int64(truncatingIfNeeded: number))
    }

    @inline(__always)
    func bind(_ column: Int32, _ number: (some FixedWidthInteger)?) {
        if let number { bind(column, number) } else { sqlite3_bind_null(handle, column) }
    }

    func bind(_ column: Int32, text: String?) {
        guard let text else { return _ = sqlite3_bind_null(handle, column) }
        _ = text.withCString { sqlite3_bind_text(handle, column, $0, -1, HotStatement.transient) }
    }

    func bind(_ column: Int32, blob bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { sqlite3_bind_blob(handle, column, $0.baseAddress, Int32($0.count), HotStatement.transient) }
    }

    /// SQLITE_TRANSIENT, which Swift does not import: SQLite copies what is bound.
    private static var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// Runs a statement that returns no rows, and readies it for the next.
    @inline(__always)
    func run() throws {
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw HotStatement.error(sqlite3_extended_errcode(connection), connection) }
    }

    // MARK: Reading

    /// True when there is a row.
    @inline(__always)
    func next() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw HotStatement.error(sqlite3_extended_errcode(connection), connection)
        }
    }

    @inline(__always)
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    @inline(__always)
    func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// The column's number; 0 for NULL.
    ///
    /// - Throws: `SQLITE_CORRUPT` when it is too large for its kind.
    @inline(__always)
    func number<Number: FixedWidthInteger>(_ column: Int32, as type: Number.Type = Number.self) throws -> Number {
        guard let number = Number(exactly: sqlite3_column_int64(handle, column)) else {
            throw DatabaseError.damaged("a number is out of its range")
        }
        return number
    }

    @inline(__always)
    func optionalNumber<Number: FixedWidthInteger>(_ column: Int32, as type: Number.Type = Number.self) throws -> Number? {
        isNull(column) ? nil : try number(column)
    }

    func text(_ column: Int32) -> String? {
        sqlite3_column_text(handle, column).map { String(cString: $0) }
    }

    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: Int(sqlite3_column_bytes(handle, column)))
    }
}
