public import Diagnosis
internal import KernelState

/// What `kstate doctor` prints: the diagnosis, and what it was made from.
public struct FindingsReport: Sendable {
    public var header: ReportHeader
    public var diagnosis: Diagnosis
    /// Readings of each place's tables.
    public var samples: Int
    /// Seconds from the first of them to the last.
    public var seconds: Double
    /// How much of each table the last reading saw.
    public var tables: ReportTables

    public init(header: ReportHeader, diagnosis: Diagnosis, samples: Int, seconds: Double, tables: ReportTables) {
        self.header = header
        self.diagnosis = diagnosis
        self.samples = samples
        self.seconds = seconds
        self.tables = tables
    }
}
