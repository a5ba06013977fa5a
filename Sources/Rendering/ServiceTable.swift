public import KernelState

/// Writes services as a tree in aligned columns, for people.
public struct ServiceTable: Sendable {
    private let columns: [ServiceColumn]
    private let width: Int?
    private let colour: Bool
    private let showsHeading: Bool

    /// - Parameter width: the terminal's columns; nil off a terminal.
    public init(columns: [ServiceColumn], width: Int?, colour: Bool, showsHeading: Bool) {
        self.columns = columns
        self.width = width
        self.colour = colour
        self.showsHeading = showsHeading
    }

    public func write(_ services: [ServiceState], _ header: ReportHeader, to output: inout OutputSink) {
        let rows = services.flatMap { ServiceRow.tree($0) }
        var layout = TableLayout(columns: Self.withoutUnnamed(columns, rows), width: width, in: header)
        for row in rows { layout.fit(row) }
        if showsHeading {
            if colour { output.buffer.append(Style.bold) }
            layout.heading(into: &output.buffer)
            if colour { output.buffer.append(Style.reset) }
            output.buffer.append(UInt8(ascii: "\n"))
        }
        for row in rows {
            layout.row(row, colour: colour, into: &output.buffer)
            output.buffer.append(UInt8(ascii: "\n"))
            output.flushIfFull()
        }
    }

    /// The columns, without that of names where there is none: most nodes are looked at without Kubernetes.
    public static func withoutUnnamed(_ columns: [ServiceColumn], _ rows: [ServiceRow]) -> [ServiceColumn] {
        let isNamed = rows.contains { $0.service.name != nil || $0.backend?.pod != nil || $0.backend?.node != nil }
        return isNamed ? columns : columns.filter { $0 != .name }
    }
}
