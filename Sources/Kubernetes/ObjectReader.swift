import FoundationEssentials
import KernelState

/// From bytes to records: the scanner's items, decoded one by one. What cannot be decoded is counted and named, the rest is kept.
struct ObjectReader {
    private(set) var builder = NameBuilder()
    /// Where the list that was read last goes on; nil at its end.
    private(set) var next: String?
    /// Items that were met, good or not.
    private(set) var items = 0
    private(set) var lost = 0
    /// How the list or the object that came last calls itself.
    private(set) var lastKind: String?
    private var scanner = ItemScanner()
    private let decoder = JSONDecoder()

    var isBetweenDocuments: Bool { scanner.isBetweenDocuments }
    var isInsideItem: Bool { scanner.isInsideItem }

    mutating func feed(_ chunk: UnsafeRawBufferPointer) throws(ItemScanner.Failure) {
        // Taken out while it runs: it hands its parts to this very reader.
        var scanner = ItemScanner()
        swap(&scanner, &self.scanner)
        defer { swap(&scanner, &self.scanner) }
        try scanner.feed(chunk) { part, bytes in handle(part, bytes) }
    }

    /// Gives away what was built, and starts with nothing.
    mutating func takeBuilder() -> NameBuilder {
        defer { builder = NameBuilder() }
        return builder
    }

    private mutating func handle(_ part: ItemScanner.Part, _ bytes: [UInt8]) {
        switch part {
        case .listHead:
            let head = try? decoder.decode(ListDocument.self, from: Data(bytes))
            decoder.userInfo[ClusterObject.kindOfList] = head?.itemKind
        case .item:
            add(bytes)
        case .oversizedItem:
            lose("one larger than \(ItemScanner.largestObject >> 20) MB")
        case .document(isList: true):
            let list = try? decoder.decode(ListDocument.self, from: Data(bytes))
            next = list?.metadata?.next.flatMap { $0.isEmpty ? nil : $0 }
            lastKind = list?.kind
            decoder.userInfo[ClusterObject.kindOfList] = nil
        case .document(isList: false):
            add(bytes)
        }
    }

    private mutating func add(_ bytes: [UInt8]) {
        let data = Data(bytes)
        do {
            builder.add(try decoder.decode(ClusterObject.self, from: data))
            items += 1
        } catch {
            let named = try? decoder.decode(NamedDocument.self, from: data).description
            lose("\(named ?? "item \(items + 1)"), \(reason(error))")
        }
    }

    private mutating func lose(_ what: String) {
        items += 1
        lost += 1
        builder.notices.count("objects cannot be decoded", what)
    }

    private func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.keyNotFound(_, let context):
            "wrong or missing \((context.codingPath.map(\.stringValue)).joined(separator: "."))"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        default: "\(error)"
        }
    }
}
