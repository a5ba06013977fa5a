import ArgumentParser
import Filters
import KernelState

/// The moment, or the stretch of time, at which saved files are looked at; in nanoseconds since 1970.
struct SavedStretch {
    /// Nil for a moment.
    let since: UInt64?
    /// Nil for the end; the last nanosecond of the millisecond that was named.
    let until: UInt64?

    /// - Parameters:
    ///   - options: what was asked for.
    ///   - extent: what was saved.
    ///   - name: of the files, for who hears that there is nothing of that time.
    /// - Throws: where the two ends are the wrong way round, or nothing was saved in that time.
    init(_ options: StretchOptions, of extent: ClosedRange<UInt64>, name: String) throws {
        since = options.since?.resolved(end: extent.upperBound)
        until = options.until.map { ClosedRange(millisecondOf: $0.resolved(end: extent.upperBound)).upperBound }
        if let since, let until, since > until {
            throw ValidationError("--since is after --until: \(String(time: since)) and \(String(time: until))")
        }
        guard (until ?? .max) >= extent.lowerBound, (since ?? 0) <= extent.upperBound else {
            let asked = [since.map { "since \(String(time: $0))" }, until.map { "until \(String(time: $0))" }].compactMap { $0 }
            throw KernelStateError(
                operation: "reading \(name)", cause: "nothing was saved there \(asked.joined(separator: " "))",
                remedy: "it goes from \(String(time: extent.lowerBound)) to \(String(time: extent.upperBound))")
        }
        if let since, ClosedRange(millisecondOf: since).upperBound < extent.lowerBound {
            printError("kstate: note: \(name) begins at \(String(time: extent.lowerBound))")
        }
        if let until, until > ClosedRange(millisecondOf: extent.upperBound).upperBound {
            printError("kstate: note: \(name) ends at \(String(time: extent.upperBound))")
        }
    }

    /// Where ``since`` names not a beginning but a moment, as of the earlier of two states: that moment.
    var sinceMoment: UInt64? { since.map { ClosedRange(millisecondOf: $0).upperBound } }

    /// All of it from ``since`` on, or from the beginning.
    var range: ClosedRange<UInt64> { (since ?? 0)...(until ?? .max) }
}
