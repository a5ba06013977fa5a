internal import GRDB
internal import KernelState

/// Inserts one row of a small table.
func insert(_ table: String, _ values: [(any DatabaseValueConvertible)?], _ database: Database) throws {
    let marks = values.map { _ in "?" }.joined(separator: ", ")
    try database.execute(sql: "INSERT INTO \(table) VALUES (\(marks))", arguments: StatementArguments(values))
}

/// Columns of a small table, read as nobody promises that they are: a damaged file is an error, where GRDB's own accessors would
/// end the process.
extension Row {
    private func value(_ column: String) throws -> DatabaseValue {
        guard hasColumn(column) else { throw DatabaseError.damaged("column \(column) is missing") }
        return self[column]
    }

    func integer(_ column: String) throws -> Int64? {
        let value = try value(column)
        if value.isNull { return nil }
        guard let number = Int64.fromDatabaseValue(value) else { throw DatabaseError.damaged("column \(column) holds no number") }
        return number
    }

    func text(_ column: String) throws -> String? {
        let value = try value(column)
        if value.isNull { return nil }
        guard let text = String.fromDatabaseValue(value) else { throw DatabaseError.damaged("column \(column) holds no text") }
        return text
    }

    func optional<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Number.self) throws -> Number? {
        guard let wide = try integer(column) else { return nil }
        guard let number = Number(exactly: wide) else { throw DatabaseError.damaged("column \(column) is out of its range") }
        return number
    }

    /// How many of something there are: so few that sums of them do not overflow.
    func count(_ column: String) throws -> Int { Int(try number(column, as: UInt32.self)) }

    /// Nanoseconds, since 1970 or of a duration: no file tells of the years after 2261.
    func time(_ column: String) throws -> UInt64 { try number(column) }

    /// 0 for NULL.
    func number<Number: FixedWidthInteger>(_ column: String, as type: Number.Type = Number.self) throws -> Number {
        try optional(column) ?? 0
    }
}
