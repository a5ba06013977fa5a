import ArgumentParser
import Filters

/// Reads an option's value as a length of time, a size or a moment, and says what would be right.
enum ValueReading {
    @Sendable static func span(_ text: String) throws -> TimeSpan { try reading { () throws(FilterError) in try TimeSpan(text) } }
    @Sendable static func size(_ text: String) throws -> ByteCount { try reading { () throws(FilterError) in try ByteCount(text) } }
    @Sendable static func moment(_ text: String) throws -> Moment { try reading { () throws(FilterError) in try Moment(text) } }

    private static func reading<Value>(_ body: () throws(FilterError) -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw ValidationError(error.description)
        }
    }
}
