import KernelState

/// The first line of a live screen.
enum WatchTitle {
    /// What was asked for, as it was typed, and where.
    static func of(_ command: String, _ places: [Place]) -> String {
        let arguments = CommandLine.arguments.dropFirst(2).filter { $0 != "--watch" && $0 != "-w" }.joined(separator: " ")
        let place = places.count == 1 ? places[0].namespace.name : places.isEmpty ? "no namespace" : "\(places.count) namespaces"
        return "kstate \(command) \(arguments)  \(Host.name), \(place), Linux \(Host.kernelRelease)"
    }
}
