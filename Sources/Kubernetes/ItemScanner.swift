/// Splits JSON into the objects of a cluster, however it is cut into chunks, and holds no more than one of them.
///
/// It takes what kubectl and API servers print: lists (`{"kind":…,"items":[…]}`), single objects, several of both one after
/// another, and bare arrays of objects. It looks at nothing but strings, brackets and the key `items`; whether an object is good JSON is
/// for its decoder to say.
struct ItemScanner {
    /// What was found. The bytes are the scanner's own, and stay until the handler returns.
    enum Part: Equatable {
        /// A list begins: all of it that stands before its items, closed as if there were none.
        case listHead
        /// One object of a list.
        case item
        /// An object of a list that is larger than any object of a cluster: without its bytes.
        case oversizedItem
        /// A document is complete: a list without its items, or a single object.
        case document(isList: Bool)
    }

    /// Something that is no JSON, or none of a cluster.
    struct Failure: Error, Equatable {
        /// Bytes from the beginning of all that was fed.
        var offset: Int
        var cause: Cause
        enum Cause: Equatable {
            case unexpectedByte(UInt8)
            case tooLarge
        }
    }

    /// Etcd refuses objects above 1.5 MB.
    static let largestObject = 8 << 20

    private var depth = 0
    private var inString = false
    private var isEscaped = false
    /// How deep the objects of the current list stand; 0 outside lists.
    private var itemDepth = 0
    private var hasItems = false
    private var capture = Capture.nothing
    private var envelope: [UInt8] = []
    private var item: [UInt8] = []
    private var isOversized = false
    /// The last string directly inside a document, as far as `items` is long and one more.
    private var lastString: [UInt8] = []
    private var consumed = 0

    private enum Capture { case nothing, envelope, item }

    /// True when all documents that began have ended.
    var isBetweenDocuments: Bool { depth == 0 }

    /// True in the middle of an object of a list.
    var isInsideItem: Bool { capture == .item }

    /// Takes the next bytes, and hands out what ends in them.
    mutating func feed(_ chunk: UnsafeRawBufferPointer, _ emit: (Part, [UInt8]) -> Void) throws(Failure) {
        var index = 0
        var start = 0
        while index < chunk.count {
            if inString {
                index = skipString(chunk, from: index)
                continue
            }
            let byte = chunk[index]
            switch byte {
            case UInt8(ascii: "\""):
                if capture == .nothing { throw Failure(offset: consumed + index, cause: .unexpectedByte(byte)) }
                inString = true
                if depth == 1 { lastString.removeAll(keepingCapacity: true) }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if try opens(byte, at: index) { start = index }
                depth += 1
                if depth == 2, byte == UInt8(ascii: "["), capture == .envelope, lastString.elementsEqual("items".utf8) {
                    try keep(chunk[start...index])
                    beginItems(emit)
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { throw Failure(offset: consumed + index, cause: .unexpectedByte(byte)) }
                depth -= 1
                if itemDepth > 0, depth == itemDepth - 1 {
                    endItems()
                    start = index
                }
                if (capture == .item && depth == itemDepth) || (capture == .envelope && depth == 0) {
                    try keep(chunk[start...index])
                    end(emit)
                }
            default:
                if capture == .nothing, !isSeparator(byte) { throw Failure(offset: consumed + index, cause: .unexpectedByte(byte)) }
            }
            index += 1
        }
        if capture != .nothing { try keep(chunk[start...]) }
        consumed += chunk.count
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): true
        case UInt8(ascii: ","): itemDepth > 0
        default: false
        }
    }

    private mutating func skipString(_ chunk: UnsafeRawBufferPointer, from first: Int) -> Int {
        var index = first
        while index < chunk.count {
            let byte = chunk[index]
            index += 1
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                inString = false
                break
            }
            if depth == 1, lastString.count <= 5 { lastString.append(byte) }
        }
        return index
    }

    /// - Returns: true when an object begins here that is to be kept.
    private mutating func opens(_ byte: UInt8, at index: Int) throws(Failure) -> Bool {
        guard capture == .nothing else { return false }
        if byte == UInt8(ascii: "{") {
            capture = itemDepth > 0 ? .item : .envelope
            return true
        }
        guard depth == 0 else { throw Failure(offset: consumed + index, cause: .unexpectedByte(byte)) }
        itemDepth = 1  // a bare array
        return false
    }

    private mutating func beginItems(_ emit: (Part, [UInt8]) -> Void) {
        emit(.listHead, envelope + Array("]}".utf8))
        capture = .nothing
        itemDepth = 2
        hasItems = true
    }

    private mutating func endItems() {
        if itemDepth == 2 { capture = .envelope }
        itemDepth = 0
        lastString.removeAll(keepingCapacity: true)
    }

    private mutating func end(_ emit: (Part, [UInt8]) -> Void) {
        if capture == .item {
            emit(isOversized ? .oversizedItem : .item, item)
            item.removeAll(keepingCapacity: true)
            isOversized = false
        } else {
            emit(.document(isList: hasItems), envelope)
            envelope.removeAll(keepingCapacity: true)
            hasItems = false
        }
        capture = .nothing
    }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) throws(Failure) {
        if capture == .item {
            if isOversized || item.count + bytes.count > ItemScanner.largestObject {
                isOversized = true
                item.removeAll()
            } else {
                item.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
            }
        } else {
            if envelope.count + bytes.count > ItemScanner.largestObject { throw Failure(offset: consumed, cause: .tooLarge) }
            envelope.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes))
        }
    }
}
