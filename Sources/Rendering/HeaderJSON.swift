internal import KernelState

extension ReportHeader {
    /// Appends the fields that every document begins with, from `schema` on, without the brace before them and a comma after.
    ///
    /// A single place stands beside the schema; of several, `nodes` or `namespaces` lists them, and each record names its own.
    func appendJSON(schema: StaticString, to buffer: inout [UInt8]) {
        buffer.append("\"schema\":\"")
        buffer.append(schema)
        buffer.append("\",\"taken_at\":\"")
        buffer.appendTime(places[0].takenAt)
        buffer.append(UInt8(ascii: "\""))
        if hasSeveralNodes {
            appendList("nodes", to: &buffer) { place, buffer in
                buffer.append(UInt8(ascii: "{"))
                Self.appendNode(place, to: &buffer)
                buffer.append(",\"taken_at\":\"")
                buffer.appendTime(place.takenAt)
                buffer.append("\",\"namespace\":")
                place.namespace.appendJSON(to: &buffer)
                buffer.append(UInt8(ascii: "}"))
            }
            return
        }
        buffer.append(UInt8(ascii: ","))
        Self.appendNode(places[0], to: &buffer)
        if places.count == 1 {
            buffer.append(",\"namespace\":")
            places[0].namespace.appendJSON(to: &buffer)
        } else {
            appendList("namespaces", to: &buffer) { $0.namespace.appendJSON(to: &$1) }
        }
    }

    private static func appendNode(_ place: Place, to buffer: inout [UInt8]) {
        buffer.append("\"node\":")
        buffer.appendJSON(place.node)
        buffer.append(",\"kernel\":")
        buffer.appendJSON(place.kernel)
    }

    private func appendList(_ name: StaticString, to buffer: inout [UInt8], _ item: (Place, inout [UInt8]) -> Void) {
        buffer.append(",\"")
        buffer.append(name)
        buffer.append("\":[")
        for (index, place) in places.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            item(place, &buffer)
        }
        buffer.append(UInt8(ascii: "]"))
    }

    /// Appends the fields by which a record names its place, each with a comma before it; nothing where there is only one.
    func appendPlace(_ index: PlaceIndex, to buffer: inout [UInt8]) {
        guard places.count > 1, let place = place(index) else { return }
        if hasSeveralNodes {
            buffer.append(",\"node\":")
            buffer.appendJSON(place.node)
        }
        buffer.append(",\"namespace\":")
        place.namespace.appendJSON(to: &buffer)
    }
}

extension NetworkNamespace {
    func appendJSON(to buffer: inout [UInt8]) {
        buffer.append("{\"name\":")
        buffer.appendJSON(name)
        buffer.append(",\"inode\":")
        buffer.appendDecimal(inode)
        buffer.append(UInt8(ascii: "}"))
    }
}
