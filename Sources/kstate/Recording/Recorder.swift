import Filters
import KernelState
import Snapshots
import Terminal

/// `kstate record`: samples at an interval, and between them what conntrack tells, until a signal.
struct Recorder {
    /// Events are taken this many seconds after the first has come: no more than that is lost when the process is killed, and a busy
    /// node's thousands of events a second cost five wakes.
    private static let rest = 0.2

    /// More than the kernel keeps for us: with more, a node whose events come faster than they can be written would never be sampled.
    private static let portionsAtOnce = 16

    private let ring: RecordingRing
    private let place: PlaceOptions
    private var followed: [FollowedNamespace] = []
    private var pace: SamplePace
    private var sampleDue = 0.0
    /// When the table was last read out of turn, because events were lost.
    private var healed = -Double.infinity
    private var hasReported = false
    private var wasStretched = false
    private var hasSaidStretch = false
    /// Events that found no room on the disk.
    private var unwritten: UInt64 = 0

    init(_ ring: RecordingRing, _ place: PlaceOptions, every interval: Double) {
        self.ring = ring
        self.place = place
        pace = SamplePace(every: interval)
    }

    /// Ends well only by a signal.
    mutating func run(_ signals: borrowing SignalQueue) throws(KernelStateError) {
        repeat {
            do throws(KernelStateError) {
                if Host.uptime >= sampleDue { try sample() }
                try drain()
            } catch {
                printError("kstate: \(try ring.giveWay(to: error))")
                sampleDue = 0
            }
        } while wait(signals)
        let end = Host.now
        try drain()
        try ring.finish(at: end)
    }

    /// Until a sample is due, or events have come and had time to be joined by others; false when the process is to end.
    private func wait(_ signals: borrowing SignalQueue) -> Bool {
        guard signals.wait(until: sampleDue, orFor: followed.compactMap(\.descriptor)) else { return false }
        return signals.wait(until: min(sampleDue, Host.uptime + Self.rest))
    }

    // MARK: Samples

    private mutating func sample() throws(KernelStateError) {
        let cost = Host.processorTime
        // What was told until now belongs to the sample before.
        try drain()
        follow(try place.live())
        let saved = try ring.addSample(followed.map(\.source), at: Host.now)
        report(saved)
        pace.note(cost: Host.processorTime - cost)
        sampleDue = Host.uptime + pace.interval
        try sayStretch()
    }

    /// Lets go of the namespaces that are no longer there: an open socket would keep them.
    private mutating func follow(_ found: [LiveSource]) {
        let known = Dictionary(followed.map { ($0.source.place.namespace.inode, $0) }, uniquingKeysWith: { first, _ in first })
        followed = found.map { source in
            guard let namespace = known[source.place.namespace.inode] else { return FollowedNamespace(source) }
            namespace.renew(source)
            return namespace
        }
    }

    /// What cannot be read is said once; every sample keeps it.
    private mutating func report(_ saved: [SavedPlace]) {
        guard !hasReported else { return }
        hasReported = true
        var report = SavedReport()
        report.add(saved)
        report.printProblems()
    }

    private mutating func sayStretch() throws(KernelStateError) {
        // A single sample that was a little too dear is no reason to say anything.
        let isWorthIt = pace.isStretched && (wasStretched || pace.interval >= 2 * pace.asked)
        wasStretched = pace.isStretched
        guard isWorthIt, !hasSaidStretch else { return }
        hasSaidStretch = true
        let sentence = """
            a sample costs so much that it is taken every \(Int(pace.interval.rounded(.up)))s instead of \
            \(TimeSpan(seconds: pace.asked)): samples take \(Int(SamplePace.share * 100)) % of a core at most
            """
        printError("kstate: note: \(sentence)")
        try ring.note("stretched", sentence)
    }

    // MARK: Events

    /// Writes what conntrack has told; a loss is healed by a sample at once, or as soon as its cost allows after another loss.
    private mutating func drain() throws(KernelStateError) {
        guard ring.isWriting else { return }
        for (place, namespace) in followed.enumerated() {
            for _ in 0..<Self.portionsAtOnce {
                let taken = namespace.take()
                if let failure = taken.failure {
                    let name = namespace.source.place.namespace.name
                    printError("kstate: namespace \(name): \(failure); conntrack is listened to anew with the next sample")
                }
                guard !taken.events.isEmpty else { break }
                try write(taken.events, place: place)
                if case .lost? = taken.events.last?.content { heal() }
                let isCrowded = try ring.commit(at: Host.now)
                if isCrowded { sampleDue = 0 }
                if isCrowded || !taken.isMore { break }
            }
        }
    }

    private mutating func write(_ events: [FlowEvent], place: Int) throws(KernelStateError) {
        do throws(KernelStateError) {
            let missing = unwritten > 0 ? [FlowEvent(at: Host.now, .lost(unwritten))] : []
            try ring.add(missing + events, place: place)
            unwritten = 0
        } catch {
            unwritten += UInt64(events.count)
            throw error
        }
    }

    private mutating func heal() {
        let now = Host.uptime
        sampleDue = min(sampleDue, max(now, healed + pace.interval))
        healed = max(now, sampleDue)
    }
}
