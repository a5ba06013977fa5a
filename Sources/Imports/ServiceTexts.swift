internal import Glibc
internal import IPVS
internal import KernelState

/// Reads the virtual services of several texts.
struct ServiceTexts {
    let texts: [SavedText]
    let log: ImportLog

    /// The services of all texts together; nil where none tells of any.
    ///
    /// - Throws: also where all that is told of them is numbers.
    func services() throws(KernelStateError) -> [VirtualService]? {
        var merge = ServiceMerge()
        var found = false
        for text in texts where text.kind.holdsServices {
            merge.add(try services(text))
            found = true
        }
        if merge.holdsNumbersAlone {
            let paths = texts.filter(\.kind.holdsServices).map(\.path).joined(separator: ", ")
            throw KernelStateError(
                operation: "reading \(paths)", cause: "it tells numbers of IPVS services, and not how they are configured",
                remedy: "save what ipvsadm -Ln prints beside it", code: ENOENT)
        }
        return found ? merge.merged : nil
    }

    private func services(_ text: SavedText) throws(KernelStateError) -> [ServiceText] {
        switch text.kind {
        case .ipvsSave: try log.read(text, by: ServiceSaveParser()).services
        case .ipvsServiceTable: try log.read(text, by: ServiceTableTextParser()).services.map(ServiceText.init)
        default: try log.read(text, by: ServiceListParser()).services
        }
    }
}

/// Services of several texts, each once.
struct ServiceMerge {
    private var services: [ServiceText] = []
    private var indices: [ServiceIdentity: Int] = [:]

    /// Adds what one text tells, after those that tell more.
    mutating func add(_ texts: [ServiceText]) {
        for text in texts {
            if let index = indices[text.identity] {
                services[index].fill(from: text)
            } else {
                indices[text.identity] = services.count
                services.append(text)
            }
        }
    }

    var merged: [VirtualService] { services.compactMap(\.service) }

    /// True where there are services of which no text tells more than numbers.
    var holdsNumbersAlone: Bool { !services.isEmpty && services.allSatisfy { $0.scheduler == nil } }
}

/// Reads the lines of /proc/net/ip_vs, of which the first three are headings.
private struct ServiceTableTextParser: LineParser {
    private(set) var services: [VirtualService] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if ServiceTableParser.take(line.bytes, into: &services) { return .entry(()) }
        return line.number <= 3 || line.bytes.isEmpty ? .nothing : .unreadable
    }
}
