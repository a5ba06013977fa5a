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
    /// An entry of a place, and its twin on another.
    typealias Probe = (flow: Flow, place: PlaceIndex, twin: Twin)

    private struct Pair: Hashable {
        var reference: PlaceIndex
        var node: PlaceIndex
    }

    /// Each place's node, as the first of its places.
    private let nodes: [PlaceIndex]
    /// Of every two nodes of which a connection tells, from both sides.
    private var told: [Pair: ClockReading] = [:]

    init(_ cases: [Case], _ timers: [FlowTimers], _ probes: [Probe]) {
        nodes = cases.map { own in PlaceIndex(cases.firstIndex { $0.place.node == own.place.node } ?? 0) }
        var differences: [Pair: ClockDifference] = [:]
        for (flow, place, twin) in probes {
            let own = Int(place), other = Int(twin.place)
            differences[Pair(reference: nodes[own], node: nodes[other]), default: ClockDifference()].add(
                flow, at: cases[own].place, timers[own], twin, at: cases[other].place, timers[other])
        }
        for reference in Set(nodes) {
            for node in Set(nodes) {
                var difference = differences[Pair(reference: reference, node: node)] ?? ClockDifference()
                if let reversed = differences[Pair(reference: node, node: reference)] { difference.add(reversed: reversed) }
                guard let seconds = difference.seconds else { continue }
                told[Pair(reference: reference, node: node)] = ClockReading(
                    place: node, reference: reference, seconds: seconds, connections: difference.count, isExact: difference.isExact)
            }
        }
    }

    /// How far the clock of `other`'s node is ahead of that of `place`'s; nil when no connection tells.
    func reading(of other: PlaceIndex, against place: PlaceIndex) -> ClockReading? {
        told[Pair(reference: nodes[Int(place)], node: nodes[Int(other)])]
    }

    /// Every two nodes' that some connection tells, each once: the later-named node's clock against the earlier one's.
    var readings: [ClockReading] {
        told.values.filter { $0.place > $0.reference }.sorted { ($0.reference, $0.place) < ($1.reference, $1.place) }
    }
}
