import KernelState

/// A connection that a rule has seen, and what its timer did from sample to sample.
struct Suspect: Sendable {
    /// As it was read last.
    var connection: Connection
    var firstSample: Int
    var lastSample: Int
    /// How often packets were found to have come: by a timer higher than it would be without, or by the packets' own count.
    var renewals = 0
    /// What the timer was, and when: a timer that is higher than what is left of this was renewed.
    private var anchor: (timer: UInt32, at: UInt64)?
    /// Packets that the client sent, where conntrack counts them.
    private var packets: UInt64?

    /// Packets came between the samples.
    var isRenewed: Bool { renewals > 0 }
    var isLasting: Bool { lastSample > firstSample }

    fileprivate init(_ connection: Connection, timer: UInt32?, in sample: Sample) {
        self.connection = connection
        firstSample = sample.index
        lastSample = sample.index
        anchor = timer.map { ($0, sample.takenAt) }
        packets = connection.conntrack?.counters?.originalPackets
    }

    /// A timer that only runs down loses the seconds between the readings, give or take the second to which the kernel rounds it.
    fileprivate mutating func update(_ connection: Connection, timer: UInt32?, in sample: Sample) {
        self.connection = connection
        lastSample = sample.index
        let sent = connection.conntrack?.counters?.originalPackets
        if let sent, let packets, sent > packets { renewals += 1 }
        packets = sent
        guard let timer else { return }
        guard let anchor, sample.takenAt >= anchor.at else {
            self.anchor = (timer, sample.takenAt)
            return
        }
        let elapsed = Double(sample.takenAt - anchor.at) / 1e9
        guard Double(timer) > Double(anchor.timer) - elapsed + 1.5 else { return }
        renewals += 1
        self.anchor = (timer, sample.takenAt)
    }
}

/// What connections of one group have in common.
struct SuspectSubject: Hashable, Sendable {
    var transport: TransportProtocol
    var service: Endpoint?
    var backend: Endpoint

    init(_ connection: Connection) {
        transport = connection.transport
        service = connection.service
        backend = connection.backend
    }
}

/// The connections that a rule suspects, grouped by service and backend and followed from sample to sample, within bounds: of each
/// group some connections are kept and all are counted; groups beyond the limit are left out.
struct Suspects: Sendable {
    struct Group: Sendable {
        var subject: SuspectSubject
        /// The sample that counted last, and how many connections it counted.
        var lastSample: Int
        var count: Int
        var kept: [Suspect]

        var renewed: [Suspect] { kept.filter { $0.isRenewed && $0.lastSample == lastSample } }
        var lasting: [Suspect] { kept.filter { $0.isLasting && $0.lastSample == lastSample } }
    }

    static let groupLimit = 2_048
    static let keptLimit = 8

    private(set) var groups: [SuspectSubject: Group] = [:]

    /// - Parameter timer: seconds left, of the table whose renewal tells something.
    mutating func note(_ connection: Connection, timer: UInt32?, in sample: Sample) {
        let subject = SuspectSubject(connection)
        guard groups[subject] != nil || groups.count < Self.groupLimit else { return }
        groups[subject, default: Group(subject: subject, lastSample: sample.index, count: 0, kept: [])]
            .note(connection, timer: timer, in: sample)
    }

    /// Of the groups that the last sample still had those with a connection that an earlier one had too.
    func lasting(in sample: Sample) -> [Group] { present(in: sample).filter { !$0.lasting.isEmpty } }

    /// The groups that the last sample still had, those of most connections first.
    func present(in sample: Sample) -> [Group] {
        groups.values.filter { $0.lastSample == sample.index }.sorted {
            ($1.count, $0.subject.description) < ($0.count, $1.subject.description)
        }
    }
}

extension Suspects.Group {
    fileprivate mutating func note(_ connection: Connection, timer: UInt32?, in sample: Sample) {
        if lastSample != sample.index {
            lastSample = sample.index
            count = 0
        }
        count += 1
        if let index = kept.firstIndex(where: { $0.connection.client == connection.client && $0.connection.zone == connection.zone }) {
            kept[index].update(connection, timer: timer, in: sample)
        } else if kept.count < Suspects.keptLimit {
            kept.append(Suspect(connection, timer: timer, in: sample))
        } else if let gone = kept.firstIndex(where: { $0.lastSample < sample.index - 1 }) {
            kept[gone] = Suspect(connection, timer: timer, in: sample)
        }
    }
}

extension SuspectSubject: CustomStringConvertible {
    var description: String {
        service.map { "\(transport.name) \($0) -> \(backend)" } ?? "\(transport.name) \(backend)"
    }
}
