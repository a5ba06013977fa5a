internal import Correlation
public import KernelState

/// How far one node's clock is from another's, as connections between the two tell it.
public struct ClockReading: Hashable, Sendable {
    /// A place of the node whose clock this is about.
    public var place: PlaceIndex
    /// A place of the node that it is held against.
    public var reference: PlaceIndex
    /// Seconds by which the node's clock is ahead; less than 0 where it is behind.
    public var seconds: Double
    /// Connections that it was taken from.
    public var connections: Int
    /// True where entries' start times tell it, which is exact to the way's length; timers tell it to a second.
    public var isExact: Bool

    public init(place: PlaceIndex, reference: PlaceIndex, seconds: Double, connections: Int, isExact: Bool) {
        self.place = place
        self.reference = reference
        self.seconds = seconds
        self.connections = connections
        self.isExact = isExact
    }

    /// How far off it may be, in seconds.
    public var precision: Double { isExact ? 0.1 : 1 }

    /// `node2's clock is 7.3 s ahead of node1's, to a second, by 3 connections`.
    ///
    /// - Parameters:
    ///   - node: the name of the node whose clock it is.
    ///   - reference: the name of the node that it is held against.
    public func sentence(_ node: String, against reference: String) -> String {
        let scale = isExact ? "to a tenth of a second" : "to a second"
        let source = "by \(counted(connections, "connection"))"
        if abs(seconds) < precision { return "\(node)'s clock agrees with \(reference)'s \(scale), \(source)" }
        let distance = "\((abs(seconds) * 10).rounded() / 10) s \(seconds < 0 ? "behind" : "ahead of")"
        return "\(node)'s clock is \(distance) \(reference)'s, \(scale), \(source)"
    }
}

/// The clocks of several nodes, of which each may have several places.
struct NodeClocks {
    private struct Pair: Hashable {
        var reference: PlaceIndex
        var node: PlaceIndex
    }

    private let cases: [Case]
    /// Each place's node, as the first of its places.
    private let nodes: [PlaceIndex]
    private var differences: [Pair: ClockDifference] = [:]

    init(_ cases: [Case]) {
        self.cases = cases
        nodes = cases.map { own in PlaceIndex(cases.firstIndex { $0.place.node == own.place.node } ?? 0) }
    }

    /// Takes an entry of one place and its twin on another.
    mutating func add(_ flow: Flow, at place: PlaceIndex, _ twin: Twin, _ timers: [FlowTimers]) {
        let own = Int(place), other = Int(twin.place)
        differences[Pair(reference: nodes[own], node: nodes[other]), default: ClockDifference()].add(
            flow, at: cases[own].place, timers[own], twin, at: cases[other].place, timers[other])
    }

    /// How far the clock of `other`'s node is ahead of that of `place`'s; nil when no connection tells.
    func reading(of other: PlaceIndex, against place: PlaceIndex) -> ClockReading? {
        let reference = nodes[Int(place)], node = nodes[Int(other)]
        var difference = differences[Pair(reference: reference, node: node)] ?? ClockDifference()
        if let reversed = differences[Pair(reference: node, node: reference)] { difference.add(reversed: reversed) }
        return difference.seconds.map {
            ClockReading(place: node, reference: reference, seconds: $0, connections: difference.count, isExact: difference.isExact)
        }
    }

    /// Every two nodes' that some connection tells, each once: the later-named node's clock against the earlier one's.
    var readings: [ClockReading] {
        let distinct = Set(nodes).sorted()
        return distinct.flatMap { reference in
            distinct.filter { $0 > reference }.compactMap { reading(of: $0, against: reference) }
        }
    }
}
