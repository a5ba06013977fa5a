import Correlation
public import KernelState

/// Holds the tables of several nodes against each other: for each connection that waits for a reply, and whose backend is on
/// another of these nodes, it finds where its packets were seen last.
///
/// Two passes, as `TwinIndex` has it: ``want(_:)`` for the connections of all nodes, then ``offer(_:at:)`` for all entries.
public struct NodeComparison: Sendable {
    static let id = "lost-between-nodes"
    /// More connections than these are counted no further: what they share is clear by then.
    private static let suspectLimit = 10_000
    /// Connections that are looked at for the difference of two clocks.
    private static let clockLimit = 1_000
    /// Connections whose backend's node is looked for, so that there are as many as that.
    private static let clockSearchLimit = 20_000
    /// A table that was read this much before the connection's last packet may lack the entry for that reason, in seconds.
    private static let patience = 0.5

    private let cases: [Case]
    private let timers: [FlowTimers]
    private var index = TwinIndex()
    private var suspects: [(connection: Connection, backendPlace: PlaceIndex)] = []
    private var clockProbes: [Connection] = []
    private var clockSearches = 0
    /// Places whose conntrack table was not read whole: an entry may be missing because nobody read it.
    private var unreadPlaces: Set<PlaceIndex> = []

    /// - Parameters:
    ///   - places: one of each node at least.
    ///   - facts: each place's own.
    public init(_ places: [Place], _ facts: [NodeFacts]) {
        cases = zip(places, facts).map { Case(place: $0, samples: [Sample(takenAt: $0.takenAt, facts: $1, services: [])], services: []) }
        timers = facts.map { FlowTimers($0) }
    }

    /// Takes a connection of any of the nodes: one that waits for another node's pod, or tells how far two clocks are apart, is looked for.
    public mutating func want(_ connection: Connection) {
        guard let flow = connection.conntrack else { return }
        if flow.isUnreplied {
            // The overlay's own datagrams are among the entries, and nobody replies to them.
            guard connection.transport.expectsReplies(at: connection.service?.port, connection.backend.port), suspects.count < Self.suspectLimit,
                let host = host(of: connection.backend.address), host != connection.place,
                cases[Int(host)].place.node != cases[Int(connection.place)].place.node
            else { return }
            suspects.append((connection, host))
            index.want(flow)
        } else if tellsTime(connection, flow) {
            clockProbes.append(connection)
            index.want(flow)
        }
    }

    /// Whether a connection can tell how far two clocks are apart: it says when something happened to it, and goes to another node, or
    /// to one that no route tells.
    private mutating func tellsTime(_ connection: Connection, _ flow: Flow) -> Bool {
        guard clockProbes.count < Self.clockLimit, clockSearches < Self.clockSearchLimit, flow.start != nil || flow.state != nil else {
            return false
        }
        clockSearches += 1
        guard let host = host(of: connection.backend.address) else { return connection.service != nil }
        return cases[Int(host)].place.node != cases[Int(connection.place)].place.node
    }

    /// Takes how much of a place's conntrack table was read; nil where nobody asked for it.
    public mutating func end(_ conntrack: TableCoverage?, at place: PlaceIndex) {
        if conntrack?.complete == false { unreadPlaces.insert(place) }
    }

    /// Takes a conntrack entry of any of the nodes, once all connections were taken.
    public mutating func offer(_ flow: Flow, at place: PlaceIndex) { index.offer(flow, at: place) }

    /// The place that has the address behind one of its own links; nil where none has, or two claim it alike.
    private func host(of address: IPAddress) -> PlaceIndex? {
        var best: (place: PlaceIndex, length: UInt8)?
        var isShared = false
        for (place, subject) in cases.enumerated() {
            guard let path = subject.routes.paths(to: address).first, path.gateway == nil, path.outer == nil, path.interface != nil
            else { continue }
            let length = path.route.destination.length
            if let known = best, known.length >= length {
                if known.length == length { isShared = true }
                continue
            }
            best = (PlaceIndex(place), length)
            isShared = false
        }
        return isShared ? nil : best?.place
    }

    // MARK: The result

    private struct Loss: Hashable {
        var place: PlaceIndex
        var backendPlace: PlaceIndex
        var transport: TransportProtocol
        var service: Endpoint?
        var backend: Endpoint
        var lost: LossPlace
    }

    /// A finding for each place, service and backend whose packets are lost at one point of the way.
    public func diagnosis() -> Diagnosis {
        var diagnosis = Diagnosis()
        let clocks = clocks()
        diagnosis.clocks = clocks.readings
        var order: [Loss] = []
        var losses: [Loss: [Connection]] = [:]
        var undecided: [Doubt: Int] = [:]
        for (connection, backendPlace) in suspects {
            guard let lost = lost(connection, at: backendPlace, clocks) else {
                undecided[Doubt(place: connection.place, unread: unreadPlaces.contains(backendPlace) ? backendPlace : nil), default: 0] += 1
                continue
            }
            let loss = Loss(
                place: connection.place, backendPlace: backendPlace, transport: connection.transport, service: connection.service,
                backend: connection.backend, lost: lost)
            if losses[loss] == nil { order.append(loss) }
            losses[loss, default: []].append(connection)
        }
        diagnosis.rules = [Self.id]
        diagnosis.findings = order.map { finding($0, losses[$0] ?? [], clocks) }
        diagnosis.unchecked = undecided.sorted { $0.key < $1.key }.map { doubt, count in
            UncheckedRule(rule: Self.id, place: doubt.place, reason: reason(doubt, count))
        }
        return diagnosis
    }

    /// Why connections of a place are not judged.
    private struct Doubt: Hashable, Comparable {
        var place: PlaceIndex
        /// The place whose table was not read whole; nil where it was read too early.
        var unread: PlaceIndex?

        static func < (left: Doubt, right: Doubt) -> Bool {
            (left.place, left.unread.map { Int($0) } ?? -1) < (right.place, right.unread.map { Int($0) } ?? -1)
        }
    }

    private func reason(_ doubt: Doubt, _ count: Int) -> String {
        let connections = counted(count, "connection")
        guard let unread = doubt.unread else {
            return "\(connections) began after the other node was read: save the nodes at one moment, or the backend's last"
        }
        return "where \(connections) got to is not known: \(cases[Int(unread)].place.node)'s conntrack table is missing or incomplete"
    }

    private func lost(_ connection: Connection, at other: PlaceIndex, _ clocks: NodeClocks) -> LossPlace? {
        guard let flow = connection.conntrack else { return nil }
        if let twin = index.twin(of: flow, at: connection.place) { return twin.isUnreplied ? .inPod : .onReturn }
        guard !unreadPlaces.contains(other) else { return nil }
        let own = cases[Int(connection.place)].place, there = cases[Int(other)].place
        let ahead = clocks.reading(of: other, against: connection.place)?.seconds ?? 0
        let lead = (Double(there.takenAt) - Double(own.takenAt)) / 1e9 - ahead
        let waited = timers[Int(connection.place)].lastPacket(flow) ?? 0
        return lead + waited + Self.patience >= 0 ? .beforeNode : nil
    }

    private func clocks() -> NodeClocks {
        // What arrived and is not answered tells of its last packet too.
        let probes = (clockProbes + suspects.prefix(Self.clockLimit).map(\.connection)).compactMap { connection -> NodeClocks.Probe? in
            guard let flow = connection.conntrack, let twin = index.twin(of: flow, at: connection.place) else { return nil }
            return (flow, connection.place, twin)
        }
        return NodeClocks(cases, timers, probes)
    }

    private func finding(_ loss: Loss, _ connections: [Connection], _ clocks: NodeClocks) -> Finding {
        let own = cases[Int(loss.place)], there = cases[Int(loss.backendPlace)]
        let words = LossWords(loss.lost, from: own.place.node, to: there.place.node, backend: loss.backend)
        var finding = Finding(
            rule: Self.id, severity: .warning, title: words.title, cause: words.cause, remedy: words.remedy,
            references: ["kubernetes/kubernetes#88986", "projectcalico/calico#3145"])
        finding.place = loss.place
        finding.transport = loss.transport
        finding.service = loss.service
        finding.backend = loss.backend
        finding.lost = loss.lost
        finding.evidence = ["\(counted(connections.count, "connection")) unreplied on \(own.place.node)", words.evidence]
        if let clock = clocks.reading(of: loss.backendPlace, against: loss.place) {
            finding.evidence.append(clock.sentence(there.place.node, against: own.place.node))
        }
        finding.measures = [Measure("unreplied", connections.count)]
        finding.connections = Array(connections.prefix(Finding.connectionLimit))
        finding.commands = commands(loss, own, there)
        return finding
    }

    /// Each command with the node that it is for: the packets where they were seen last, and where they should be seen next.
    private func commands(_ loss: Loss, _ own: Case, _ there: Case) -> [String] {
        let leaving = NextCommands.capture(loss.backend, in: own).map { "\(own.place.node)$ \($0)" }
        let arriving = NextCommands.capture(loss.backend, in: there).map { "\(there.place.node)$ \($0)" }
        switch loss.lost {
        case .beforeNode, .onReturn: return leaving + arriving
        case .inPod: return arriving
        }
    }
}

/// A loss in words.
private struct LossWords {
    var title: String
    var evidence: String
    var cause: String
    var remedy: String

    init(_ lost: LossPlace, from node: String, to other: String, backend: Endpoint) {
        switch lost {
        case .beforeNode:
            title = "packets from \(node) to \(backend) do not arrive at \(other)"
            evidence = "\(other) has no entry of these packets"
            cause =
                "They left \(node) and are lost on the way: on the network between the nodes, or as \(other) takes them out of the overlay."
            remedy = "Capture the outer packets on both nodes; look at firewalls, the overlay's UDP port, its MTU and checksum offload."
        case .inPod:
            title = "\(backend) on \(other) gets the packets of \(node) and does not answer"
            evidence = "\(other) has their entries, and they are unreplied there too"
            cause = "The packets arrive at \(other): the pod does not listen, is stuck, or a policy in front of it drops them."
            remedy = "Look at the pod, its readiness probe and the network policies that select it."
        case .onReturn:
            title = "the answers of \(backend) on \(other) do not arrive at \(node)"
            evidence = "\(other) has their entries, and they are replied to there"
            cause = "The pod answers, and its answers are lost between \(other) and \(node)."
            remedy = "Capture on both nodes; look at the way back: routes, reverse path filter, firewalls, the overlay's MTU."
        }
    }
}
