import ArgumentParser
import Filters
import KernelState
import Snapshots
import Terminal

struct RecordCommand: ParsableCommand {
    private static let smallest = ByteCount(bytes: 16 << 20)

    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record what the kernel says, all the time, in a directory that stays within a size.",
        discussion: """
            A flight recorder: a sample of everything at an interval, and conntrack's events between the samples, the oldest removed when \
            there is no room. It runs until a signal ends it; a kill -9 takes the events of the last fifth of a second. Every command \
            that reads the kernel reads the directory with --from, at the moment that --until names, or over the time from --since on. \
            docs/kstate-record.service runs it from the start of a node.

            Samples take one hundredth of a core at most: of a large table they come less often than --every asks.

            EXAMPLES
              kstate record /var/lib/kstate
              kstate record /var/lib/kstate --size 4G --every 30s --all-netns
              kstate conn --from /var/lib/kstate --until 03:00 --port 53
              kstate doctor --from /var/lib/kstate --since 10m
            """)

    @Argument(help: "The directory to record into; it is made where it is not there.", completion: .directory)
    var directory: String

    @Option(help: ArgumentHelp("From one sample to the next; 10s by default.", valueName: "time"), transform: ValueReading.span)
    var every = TimeSpan(seconds: 10)

    @Option(help: ArgumentHelp("How much of the disk the recording may take; 1G by default.", valueName: "size"), transform: ValueReading.size)
    var size = ByteCount(bytes: 1 << 30)

    @Option(
        help: ArgumentHelp("How long a part of the recording is kept; for as long as there is room by default.", valueName: "time"),
        transform: ValueReading.span)
    var keep: TimeSpan?

    @OptionGroup(title: "Where to look") var place: PlaceOptions

    func validate() throws {
        if every.seconds < 0.1 { throw ValidationError("--every \(every): give 100ms or more, as 10s") }
        if size.bytes < Self.smallest.bytes { throw ValidationError("--size \(size): give \(Self.smallest) or more, as 1G") }
        if let keep, keep.seconds < max(60, every.seconds) {
            throw ValidationError("--keep \(keep): give a minute or more, and no less than --every \(every)")
        }
    }

    func run() throws {
        let places = try place.live().map(\.place)
        let signals = try SignalQueue()
        let ring = try RecordingRing(
            path: directory, plan: RingPlan(size: size.bytes, keep: keep?.nanoseconds), program: "kstate \(Kstate.version)")
        try ring.note("every", every.description)
        let what = places.count == 1 ? "namespace \(places[0].namespace.name)" : "\(places.count) namespaces"
        printError(
            "kstate: recording \(what) into \(directory): a sample every \(every) and conntrack's events between, in \(size) at most"
                + (keep.map { ", for \($0)" } ?? ""))
        var recorder = Recorder(ring, place, every: every.seconds)
        try recorder.run(signals)
    }
}
