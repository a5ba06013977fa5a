/// A network namespace as a user names it.
public struct NetworkNamespace: Hashable, Sendable {
    /// `host`, the name under /run/netns, a path, or `pid N`.
    public var name: String
    /// The number in `net:[N]`.
    public var inode: UInt64
    public init(name: String, inode: UInt64) {
        self.name = name
        self.inode = inode
    }
}

/// Where and when entries were read: one network namespace of one node.
public struct Place: Hashable, Sendable {
    /// The host's name.
    public var node: String
    /// `uname -r`.
    public var kernel: String
    public var namespace: NetworkNamespace
    /// Nanoseconds since 1970, UTC.
    public var takenAt: UInt64

    public init(node: String, kernel: String, namespace: NetworkNamespace, takenAt: UInt64) {
        self.node = node
        self.kernel = kernel
        self.namespace = namespace
        self.takenAt = takenAt
    }
}

extension Place {
    /// True for the same network namespace of the same node, at whatever time.
    public func isSameNamespace(as other: Place) -> Bool { node == other.node && namespace == other.namespace }

    /// Puts what belongs to one network namespace of one node together, in the order in which each is first met.
    public static func grouping<Element>(_ elements: [Element], by place: (Element) -> Place) -> [[Element]] {
        var groups: [[Element]] = []
        for element in elements {
            let same = groups.firstIndex { place($0[0]).isSameNamespace(as: place(element)) }
            if let same { groups[same].append(element) } else { groups.append([element]) }
        }
        return groups
    }
}

extension [Place] {
    /// True where not all are places of one node.
    public var hasSeveralNodes: Bool { contains { $0.node != self[0].node } }
}

/// Names one of a report's places: its index there. Entries of different places are never merged.
public typealias PlaceIndex = UInt16
