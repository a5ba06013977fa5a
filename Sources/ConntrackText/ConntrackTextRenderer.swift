internal import CNetfilterConntrack
public import KernelState

/// Writes entries as `conntrack -L` does, by the library that writes them there, so that scripts made for it go on working.
///
/// The library's setters leave out what it takes for the kernel's own to set (use, counters, times), so that an entry is
/// handed to it as the message it would have come in.
public struct ConntrackTextRenderer: ~Copyable {
    private let library: NetfilterConntrackLibrary
    private let flags: UInt32
    private var line = [CChar](repeating: 0, count: 4_096)

    /// - Parameters:
    ///   - extended: with the network layer's name and number first, as `-o extended`.
    ///   - id: with the entry's id, as `-o id`.
    /// - Throws: where the library is not installed.
    public init(extended: Bool = false, id: Bool = false) throws(KernelStateError) {
        library = try NetfilterConntrackLibrary.opened()
        flags = (extended ? UInt32(NFCT_OF_SHOW_LAYER3) : 0) | (id ? UInt32(NFCT_OF_ID) : 0)
    }

    /// Appends the entry's line, without the line's end.
    ///
    /// - Parameters:
    ///   - flow: the entry.
    ///   - takenAt: when it was read, in nanoseconds since 1970: its age is as of then.
    ///   - output: what the line is added to.
    public mutating func append(_ flow: Flow, takenAt: UInt64, to output: inout [UInt8]) {
        guard let entry = library.functions.new_entry() else { return }
        defer { library.functions.destroy(entry) }
        var flow = flow
        // Of an entry that has not ended the library would tell the age by now, which for a file may be a year later.
        if let start = flow.start, flow.stop == nil { flow.stop = max(start, takenAt) }
        let message = FlowEncoder(flow).bytes
        let parsed = message.withUnsafeBytes { bytes in
            library.functions.nlmsg_parse(bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self), entry)
        }
        guard parsed == 0 else { return }
        let length = library.functions.snprintf(
            &line, UInt32(line.count), entry, UInt32(bitPattern: NFCT_T_UNKNOWN.rawValue), UInt32(NFCT_O_DEFAULT), flags)
        guard length > 0 else { return }
        output.append(contentsOf: line.prefix(Int(length)).lazy.map { UInt8(bitPattern: $0) })
    }
}
