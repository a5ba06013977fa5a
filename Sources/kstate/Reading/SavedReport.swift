import Glibc
import KernelState
import Snapshots

/// What a command that writes snapshots says: how much is in one, and what is not.
struct SavedReport {
    /// Of the last sample.
    private var places: [SavedPlace] = []
    private var samples = 0
    /// Once for each table of each place, in the order in which they came.
    private var problems: [Problem] = []
    /// Why there are fewer samples than were asked for.
    private var end: KernelStateError?
    private(set) var isFailure = false

    private struct Problem {
        let place: String
        let subject: Reading.Subject
        /// What was said of the first such reading.
        let sentence: String
        var readings = 1
    }

    mutating func add(_ sample: [SavedPlace]) {
        places = sample
        samples += 1
        for place in sample { note(place) }
    }

    /// Says in the end that it came too early.
    mutating func end(by error: KernelStateError) {
        end = error
        isFailure = true
    }

    func print(file: String, seconds: Double) {
        printProblems()
        let several = samples > 1 ? "\(samples) readings, in the last " : ""
        Swift.print("\(file): \(several)\(Self.summary(places, file: file)) in \(Double(Int(seconds * 100)) / 100) s")
    }

    /// `16 conntrack entries, 3 IPVS connections, 2 services, 0.1 MB`.
    static func summary(_ places: [SavedPlace], file: String) -> String {
        func count(_ subject: Reading.Subject) -> Int {
            places.reduce(0) { sum, place in
                sum + place.readings.filter { $0.subject == subject }.reduce(0) { $0 + $1.coverage.read }
            }
        }
        var status = stat()
        stat(file, &status)
        let bytes = Double(status.st_size)
        let size = bytes < 100_000 ? "\(Int((bytes / 1_000).rounded(.up))) kB" : "\(Double(Int(bytes / 100_000)) / 10) MB"
        return "\(count(.conntrack)) conntrack entries, \(count(.ipvs)) IPVS connections, \(count(.services)) services, \(size)"
    }

    /// Says what was not read.
    func printProblems() {
        for problem in problems {
            let share = problem.readings < samples ? " (in \(problem.readings) of \(samples) readings)" : ""
            printError("kstate: \(problem.sentence)\(share)")
        }
        if let end { printError("kstate: no more after \(samples) reading\(samples == 1 ? "" : "s"): \(end)") }
    }

    /// A table that a node does not have is no failure; one that could not be read is.
    private mutating func note(_ place: SavedPlace) {
        let name = place.place.namespace.name
        let prefix = places.count > 1 ? "namespace \(name): " : ""
        for reading in place.readings where [.conntrack, .ipvs].contains(reading.subject) {
            if let error = reading.error {
                if error.code != ENOENT || places.count == 1 { note("\(prefix)\(error)", reading.subject, of: name) }
                if error.code != ENOENT { isFailure = true }
            } else if !reading.coverage.complete, let reason = reading.coverage.reason {
                note("\(prefix)the \(reading.subject.rawValue) table is incomplete: \(reason)", reading.subject, of: name)
                isFailure = true
            }
        }
    }

    private mutating func note(_ sentence: String, _ subject: Reading.Subject, of place: String) {
        if let index = problems.firstIndex(where: { $0.place == place && $0.subject == subject }) {
            problems[index].readings += 1
        } else {
            problems.append(Problem(place: place, subject: subject, sentence: sentence))
        }
    }
}
