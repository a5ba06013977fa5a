public import KernelState

/// Whether the kernel is let to filter.
public enum KernelFilterMode: String, Sendable, CaseIterable {
    case auto, always, never
}

/// Decides which filtered walks of the conntrack table stand in for a whole dump, and whether they pay.
///
/// A walk costs about 0.3 µs an entry of the table, matching or not, and holds its CPU's softirqs for that long; a whole dump
/// costs about 2.2 µs an entry and pauses every half millisecond. Both were measured on Linux 6.18.
public struct KernelFilterPlan: Sendable {
    static let walkMicrosecondsPerEntry = 0.3
    static let walkMicrosecondsPerBucket = 0.02
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
    ///   - size: of the table; an unknown number of entries no automatic choice trusts.
    ///   - joinsIPVS: whether IPVS entries are joined. An entry that the backend began then has its service where no walk for
    ///     services looks, so that the automatic choice makes walks by status, mark and zone alone.
    public func walks(_ mode: KernelFilterMode, of size: ConntrackTableSize, joinsIPVS: Bool) -> [KernelWalk]? {
        guard mode != .never, let walks = possibleWalks() else { return nil }
        if mode == .always { return walks }
        if joinsIPVS, walks.contains(where: \.filtersTuple) { return nil }
        guard let entries = size.entries else { return nil }
        let walk = Double(entries) * Self.walkMicrosecondsPerEntry + Double(size.buckets) * Self.walkMicrosecondsPerBucket
        let dump = Double(entries) * Self.dumpMicrosecondsPerEntry
        return walk <= Self.longestWalkMicroseconds && walk * Double(walks.count) < dump ? walks : nil
    }

    /// True when the kernel can help with this filter at all.
    public var isPossible: Bool { possibleWalks() != nil }

    /// The fewest walks that meet every entry that the filter may want; nil when the kernel cannot help.
    func possibleWalks() -> [KernelWalk]? {
        let flags = flagWalk()
        let tuples = tupleWalks()
        guard flags != nil || tuples != nil else { return nil }
        guard let tuples else { return flags.map { [$0] } }
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
    private func tupleWalks() -> [KernelWalk]? {
        guard kernel >= KernelVersion(major: 5, minor: 8) else { return nil }
        let wanted = filter.protocols.isEmpty ? Set(TransportProtocol.named.map(\.protocol).filter(\.hasPorts)) : filter.protocols
        // The kernel compares the ports of TCP and UDP alone: what else has ports would be missed.
        let portable: Set<TransportProtocol> = [.tcp, .udp]
        guard wanted.isSubset(of: portable) else { return nil }
        let fields = fieldWalks()
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
