import Glibc
import KernelState
import Snapshots

/// What a command that has written a snapshot says: how much is in it, and what is not.
struct SavedReport {
    private let places: [SavedPlace]
    private(set) var isFailure = false

    init(_ places: [SavedPlace]) { self.places = places }

    /// - Parameter samples: how many readings the file holds; the report is of the last.
    mutating func print(file: String, samples: Int = 1, seconds: Double) {
        noteProblems()
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
        let size = Double(Int(Double(status.st_size) / 100_000)) / 10
        return "\(count(.conntrack)) conntrack entries, \(count(.ipvs)) IPVS connections, \(count(.services)) services, \(size) MB"
    }

    /// Says what was not read.
    mutating func noteProblems() { for place in places { note(place) } }

    /// A table that a node does not have is no failure; one that could not be read is.
    private mutating func note(_ place: SavedPlace) {
        let prefix = places.count > 1 ? "namespace \(place.place.namespace.name): " : ""
        for reading in place.readings where [.conntrack, .ipvs].contains(reading.subject) {
            if let error = reading.error {
                if error.code != ENOENT || places.count == 1 { printError("kstate: \(prefix)\(error)") }
                if error.code != ENOENT { isFailure = true }
            } else if !reading.coverage.complete, let reason = reading.coverage.reason {
                printError("kstate: \(prefix)the \(reading.subject.rawValue) table is incomplete: \(reason)")
                isFailure = true
            }
        }
    }
}
