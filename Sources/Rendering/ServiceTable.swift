public import KernelState

/// Writes services as a tree in aligned columns, for people.
public struct ServiceTable: Sendable {
    private let columns: [ServiceColumn]
    private let width: Int?
    private let colour: Bool
    private let showsHeading: Bool

    /// - Parameters:
    ///   - width: the terminal's columns; nil off a terminal.
    ///   - showsHeading: whether the heading is written.
    ///   - columns: what to show, in order.
    ///   - colour: whether sequences for colours may be written.
    public init(columns: [ServiceColumn], width: Int?, colour: Bool, showsHeading: Bool) {
        self.columns = columns
        self.width = width
        self.colour = colour
        self.showsHeading = showsHeading
    }

    public func write(_ services: [ServiceState], _ header: ReportHeader, to output: inout OutputSink) {
        let rows = services.flatMap { ServiceRow.tree($0) }
        var layout = TableLayout(columns: columns.told(of: services), width: width, in: header)
        for row in rows { layout.fit(row) }
        if showsHeading { layout.headingLine(colour: colour, into: &output.buffer) }
        for row in rows {
            layout.row(row, colour: colour, into: &output.buffer)
            output.buffer.append(UInt8(ascii: "\n"))
            output.flushIfFull()
        }
    }
}

extension [ServiceColumn] {
    /// The columns, without those that none of `services` could fill: names where Kubernetes tells nothing, and what only IPVS knows.
    public func told(of services: [ServiceState]) -> [ServiceColumn] {
        let isNamed = services.contains { $0.name != nil || $0.backends.contains { $0.pod != nil || $0.node != nil } }
        let isOfIPVS = services.contains { $0.sources.contains(.ipvs) }
        return filter { column in
            if column == .name { return isNamed }
            return isOfIPVS || !ServiceColumn.ofIPVS.contains(column)
        }
    }
}
