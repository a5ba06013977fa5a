internal import KernelState
internal import Netlink

/// Passes over the file of IPVS connections, a page a read.
///
/// A read goes on at the number of rows that were handed out before, so that rows are passed over when earlier ones have ended
/// meanwhile, and nothing in what is read tells of it. A pass that overlaps reads by two descriptors in turn, half a page apart: each
/// page begins with rows that the other one had. As long as one of them is there, nothing was passed over between the two.
struct OverlappingPages: ~Copyable {
    /// A read hands out a page at most, whatever the buffer.
    private static let bufferSize = 65_536

    private let first: KernelFile
    private let second: KernelFile
    private let buffer: UnsafeMutableRawBufferPointer
    private var parsers = Parsers()
    private var haveEnded = (first: false, second: false)
    private var isSecondsTurn = false
    private var overlaps = false
    /// Reads that had rows in them.
    private var portions = 0
    private var longestPortion = 0
    private var lastPortion = 0
    /// Rows of this pass, where it overlaps.
    private var met = FingerprintSet(expected: 0)
    private var hasGapWithin = false

    /// - Parameters:
    ///   - first: the file.
    ///   - second: the same, opened a second time.
    init(_ first: consuming KernelFile, _ second: consuming KernelFile) {
        self.first = first
        self.second = second
        buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// Lines of this pass that could not be read.
    var undecodable: Int { parsers.first.undecodable }

    /// True when rows can have shifted between two reads of this pass.
    var areSeveral: Bool { portions > 1 }

    /// True when rows may have been passed over by a pass that overlaps. Its last portion is the rest of what the other descriptor has
    /// read, half a page at most, unless what stood behind has moved up.
    var haveGap: Bool { hasGapWithin || portions > 2 && lastPortion > longestPortion / 4 * 3 }

    mutating func begin(overlapping: Bool) {
        first.rewind()
        second.rewind()
        parsers = Parsers()
        haveEnded = (first: false, second: !overlapping)
        isSecondsTurn = false
        overlaps = overlapping
        (portions, longestPortion, lastPortion) = (0, 0, 0)
        met = FingerprintSet(expected: 0)
        hasGapWithin = false
    }

    /// Reads a portion; false once the pass has ended.
    mutating func next(_ body: (IPVSConnection) -> Void) throws(KernelStateError) -> Bool {
        let count = try isSecondsTurn ? readSecond(body) : readFirst(body)
        if count > 0 {
            portions += 1
            lastPortion = count
            longestPortion = max(longestPortion, count)
        }
        isSecondsTurn = isSecondsTurn ? haveEnded.first : !haveEnded.second
        return !(haveEnded.first && haveEnded.second)
    }

    private mutating func readFirst(_ body: (IPVSConnection) -> Void) throws(KernelStateError) -> Int {
        let isBeginning = portions == 0
        let count = try first.read(into: buffer)
        let half = overlaps && isBeginning ? Self.wholeLines(buffer[..<(count / 2)]) : 0
        take(count, with: \.first, body)
        if count == 0 { haveEnded.first = true }
        // The other one begins half a page later.
        if half > 0 { take(try second.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<half])), with: \.second, body) }
        return count
    }

    private mutating func readSecond(_ body: (IPVSConnection) -> Void) throws(KernelStateError) -> Int {
        let count = try second.read(into: buffer)
        take(count, with: \.second, body)
        if count == 0 { haveEnded.second = true }
        return count
    }

    /// Bytes up to the end of the last line that is whole.
    private static func wholeLines(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> Int {
        bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    private mutating func take(
        _ count: Int, with parser: WritableKeyPath<Parsers, ConnectionTableParser>, _ body: (IPVSConnection) -> Void
    ) {
        var met = FingerprintSet(expected: 0)  // swapped, not copied: the closure cannot reach into self
        swap(&met, &self.met)
        let overlaps = overlaps
        let isBeginning = met.count == 0
        var (fresh, known) = (0, 0)
        func note(_ row: IPVSConnection) {
            if overlaps {
                if met.insert(row.fingerprint.value) { fresh += 1 } else { known += 1 }
            }
            body(row)
        }
        if count > 0 {
            parsers[keyPath: parser].parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), note)
        } else {
            parsers[keyPath: parser].finish(note)
        }
        swap(&met, &self.met)
        if !isBeginning, fresh > 0, known == 0 { hasGapWithin = true }
    }
}

private struct Parsers {
    var first = ConnectionTableParser()
    var second = ConnectionTableParser()
}
