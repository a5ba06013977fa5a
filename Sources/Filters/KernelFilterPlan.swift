public import KernelState

/// Whether the kernel is let to filter.
public enum KernelFilterMode: String, Sendable, CaseIterable {
    case auto, always, never
}

/// Decides which filtered walks of the conntrack table stand in for a whole dump, and whether they pay.
///
/// A walk costs about 0.3 µs an entry of the table, matching or not, and 0.04 µs a bucket, and where little matches it holds its
/// CPU for all of that; a whole dump costs about 2.2 µs an entry and pauses every half millisecond. Measured on Linux 6.18 with
/// Benchmarks/hold.c: 10 ms for 262,144 empty buckets, 20 ms with 48,000 entries in them, 0.3 s with a million.
public struct KernelFilterPlan: Sendable {
    static let walkMicrosecondsPerEntry = 0.3
    static let walkMicrosecondsPerBucket = 0.04
    static let dumpMicrosecondsPerEntry = 2.2
    /// How long the automatic choice lets one walk hold a CPU.
    static let longestWalkMicroseconds = 20_000.0

    private let filter: ConnectionFilter
    private let kernel: KernelVersion

    public init(_ filter: ConnectionFilter, kernel: KernelVersion) {
        self.filter = filter
        self.kernel = kernel
    }

    /// The walks to make, nil for a whole dump.
    ///
    /// - Parameters:
    ///   - mode: what the user wants.
    ///   - size: of the table; an unknown number of entries no automatic choice trusts.
    ///   - joinsIPVS: whether IPVS entries are joined. An entry that the backend began then has its service and its client elsewhere, for
    ///     which it takes as many walks again, and the automatic choice makes walks by status, mark and zone alone.
    public func walks(_ mode: KernelFilterMode, of size: ConntrackTableSize, joinsIPVS: Bool) -> [KernelWalk]? {
        if mode == .always { return possibleWalks(joinsIPVS: joinsIPVS) }
        guard mode == .auto, !size.isSparse, let entries = size.entries, let walks = possibleWalks(byTuple: !joinsIPVS) else { return nil }
        let buckets = Double(size.buckets) * Self.walkMicrosecondsPerBucket
        let walk = Double(entries) * Self.walkMicrosecondsPerEntry + buckets
        let dump = Double(entries) * Self.dumpMicrosecondsPerEntry + buckets
        return walk <= Self.longestWalkMicroseconds && walk * Double(walks.count) < dump ? walks : nil
    }

    /// True when the kernel can help with this filter at all.
    public var isPossible: Bool { possibleWalks() != nil }

    /// Why ``KernelFilterMode/always`` changes nothing here, and what would; nil where it does.
    public var noteOnAlways: String? {
        if isPossible { return nil }
        return "--kernel-filter always has no effect here: the kernel can filter by --unreplied, --mark and --zone, and by a port "
            + "or an IPv4 address together with --protocol tcp or udp; the whole table is read"
    }

    /// The fewest walks that meet every entry that the filter may want; nil when the kernel cannot help.
    private func possibleWalks(byTuple: Bool = true, joinsIPVS: Bool = false) -> [KernelWalk]? {
        let flags = flagWalk()
        guard byTuple, let tuples = tupleWalks(joinsIPVS) else { return flags.map { [$0] } }
        // Each walk passes over the whole table: of several by tuple, one by status, mark or zone takes the place.
        if let flags, tuples.count > 1 { return [flags] }
        return tuples.map { tuple in
            var walk = tuple
            walk.status = flags?.status
            walk.mark = flags?.mark
            walk.zone = flags?.zone
            return walk
        }
    }

    /// Status, mark and zone: one walk whatever the family and protocol.
    private func flagWalk() -> KernelWalk? {
        var walk = KernelWalk(family: filter.family)
        if filter.unreplied, kernel >= KernelVersion(major: 5, minor: 15) {
            walk.status = KernelWalk.Masked(value: 0, mask: FlowStatus.seenReply.rawValue)
        }
        if let mark = filter.mark, mark.mask != 0, kernel >= KernelVersion(major: 3, minor: 10) { walk.mark = mark }
        if let zone = filter.zone, kernel >= KernelVersion(major: 6, minor: 8), zone != 0 { walk.zone = zone }
        return walk.status == nil && walk.mark == nil && walk.zone == nil ? nil : walk
    }

    /// Ports and IPv4 addresses: a walk for each family, protocol, tuple half and value.
    private func tupleWalks(_ joinsIPVS: Bool) -> [KernelWalk]? {
        guard kernel >= KernelVersion(major: 5, minor: 8) else { return nil }
        let wanted = filter.protocols.isEmpty ? Set(TransportProtocol.named.map(\.protocol).filter(\.hasPorts)) : filter.protocols
        // The kernel compares the ports of TCP and UDP alone: what else has ports would be missed.
        let portable: Set<TransportProtocol> = [.tcp, .udp]
        guard wanted.isSubset(of: portable) else { return nil }
        let fields = joinsIPVS ? fieldWalksOfEitherBeginning() : fieldWalks()
        guard !fields.isEmpty else { return nil }
        var walks: [KernelWalk] = []
        for field in fields {
            let families = field.ipv4Source != nil || field.ipv4Destination != nil ? [.ipv4] : filter.family.map { [$0] } ?? AddressFamily.allCases
            for family in families where filter.family == nil || filter.family == family {
                for transport in wanted.sorted(by: { $0.rawValue < $1.rawValue }) {
                    var walk = field
                    walk.family = family
                    walk.transport = transport
                    walks.append(walk)
                }
            }
        }
        return walks
    }

    /// One tuple half's ports and addresses a walk: the most telling criterion alone.
    private func fieldWalks() -> [KernelWalk] {
        if let walks = patternWalks(filter.services, half: .original, isDestination: true) { return walks }
        if let walks = patternWalks(filter.backends, half: .reply, isDestination: false), !walks.isEmpty { return walks }
        if let ports = filter.ports {
            return ports.ports.flatMap { port -> [KernelWalk] in
                var original = KernelWalk()
                original.destinationPort = port
                var reply = KernelWalk()
                reply.half = .reply
                reply.sourcePort = port
                return [original, reply]
            }
        }
        return patternWalks(filter.clients, half: .original, isDestination: false) ?? []
    }

    /// The same where the backend may have begun the entry: its service is the reply's destination then, its client the original one.
    /// A backend that is reached directly or through a tunnel stands in no tuple.
    private func fieldWalksOfEitherBeginning() -> [KernelWalk] {
        if let walks = patternWalks(filter.services, half: .original, isDestination: true) {
            return walks + (patternWalks(filter.services, half: .reply, isDestination: true) ?? [])
        }
        if let ports = filter.ports {
            return ports.ports.flatMap { port in
                [KernelWalk.Half.original, .reply].flatMap { half -> [KernelWalk] in
                    var (source, destination) = (KernelWalk(), KernelWalk())
                    (source.half, source.sourcePort) = (half, port)
                    (destination.half, destination.destinationPort) = (half, port)
                    return [source, destination]
                }
            }
        }
        guard let walks = patternWalks(filter.clients, half: .original, isDestination: false) else { return [] }
        return walks + (patternWalks(filter.clients, half: .original, isDestination: true) ?? [])
    }

    private func patternWalks(_ patterns: [EndpointPattern], half: KernelWalk.Half, isDestination: Bool) -> [KernelWalk]? {
        guard !patterns.isEmpty else { return nil }
        var walks: [KernelWalk] = []
        for pattern in patterns {
            guard pattern.port != nil || pattern.ipv4Host != nil else { return nil }
            var walk = KernelWalk()
            walk.half = half
            if isDestination {
                walk.destinationPort = pattern.port
                walk.ipv4Destination = pattern.ipv4Host
            } else {
                walk.sourcePort = pattern.port
                walk.ipv4Source = pattern.ipv4Host
            }
            // An IPv6 host's port alone is asked for: the kernel's IPv6 address filter is inverted.
            walks.append(walk)
        }
        return walks
    }
}
