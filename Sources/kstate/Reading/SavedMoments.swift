import Imports
import KernelState
import Snapshots

/// Something saved that can be asked for the moments that it holds.
protocol SavedMoments {
    var path: String { get }
    /// A recorder's directory, in which events tell what became of a sample.
    var isRecording: Bool { get }
    /// Nanoseconds since 1970: the first sample, and the last thing that is told.
    var extent: ClosedRange<UInt64> { get }

    /// Every place as it was at a moment; nil is the end.
    func state(at moment: UInt64?) throws(KernelStateError) -> [any StateSource]

    /// Every place with all that lived in it in a stretch of time.
    func states(over stretch: ClosedRange<UInt64>) throws(KernelStateError) -> [any StateSource]

    /// The samples taken in a stretch of time, a source for each of their places.
    func samples(in stretch: ClosedRange<UInt64>) throws(KernelStateError) -> [any StateSource]

    /// The last samples up to a moment, a source for each of their places.
    func lastSamples(_ count: Int, until moment: UInt64) throws(KernelStateError) -> [any StateSource]
}

extension SavedHistory: SavedMoments {}

/// What other tools have saved: one moment, which is when the texts were written.
struct ImportedMoment: SavedMoments {
    let path: String
    let sources: [ImportedSource]

    var isRecording: Bool { false }

    var extent: ClosedRange<UInt64> {
        let times = sources.map(\.place.takenAt)
        return (times.min() ?? 0)...(times.max() ?? 0)
    }

    func state(at moment: UInt64?) -> [any StateSource] { sources.filter { $0.place.takenAt <= moment ?? .max } }

    func states(over stretch: ClosedRange<UInt64>) -> [any StateSource] { sources.filter { stretch.contains($0.place.takenAt) } }

    func samples(in stretch: ClosedRange<UInt64>) -> [any StateSource] { states(over: stretch) }

    func lastSamples(_ count: Int, until moment: UInt64) -> [any StateSource] { state(at: moment) }
}
