/// A column of the table and CSV formats: what it is called, what it says of a row, and what becomes of it where there is no room.
public protocol TableColumn: Hashable, Sendable {
    associatedtype Row: Sendable

    var heading: String { get }
    /// The name in the heading of CSV.
    var name: String { get }
    var isRightAligned: Bool { get }
    /// Which columns a narrow terminal loses first: the higher, the sooner. Those with 0 stay.
    var expendability: Int { get }
    /// Which cells lose their middle on a narrow terminal: the higher, the sooner. Those with 0 never do: half of a state or
    /// number says something else.
    var shortening: Int { get }

    /// Appends what the column says of `row`; `-` where it has nothing to say.
    func appendCell(_ row: Row, in header: ReportHeader, to output: inout [UInt8])

    /// How the cell looks on a terminal with colours: a sequence that begins the look.
    func style(_ row: Row) -> StaticString?

    /// The columns, with those that tell places apart where there are several and nobody asked for these.
    static func withPlaces(_ columns: [Self], in header: ReportHeader) -> [Self]
}
