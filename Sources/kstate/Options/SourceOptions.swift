import ArgumentParser
import KernelState

/// Where to look: a place of this node, or what was saved.
struct SourceOptions: ParsableArguments {
    @OptionGroup var place: PlaceOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read a snapshot, a recorder's directory, or what conntrack, ipvsadm or sos have saved, instead of this node. May be repeated.",
            valueName: "path"), completion: .file())
    var from: [String] = []

    @OptionGroup var stretch: StretchOptions

    func validate() throws {
        if from.isEmpty, stretch.isGiven {
            throw ValidationError("--since and --until pick a moment of what was saved: give it with --from")
        }
        if !from.isEmpty, !place.pid.isEmpty || place.allNetns {
            throw ValidationError(
                "--from and --\(place.allNetns ? "all-netns" : "pid") exclude each other: a file has the namespaces that it has")
        }
    }

    /// What to read, one place at least.
    ///
    /// - Throws: what could not be found.
    func resolved() throws -> [any StateSource] {
        if from.isEmpty { return try live() }
        return try SavedSources.open(from, namespaces: place.netns, stretch: stretch)
    }

    /// The samples that the files have kept, for whoever compares them.
    ///
    /// - Parameter count: how many of a recorder's directory, where no stretch of time is given.
    func samples(_ count: Int) throws -> [any StateSource] {
        try SavedSources.samples(from, namespaces: place.netns, stretch: stretch, count: count)
    }

    /// The live kernel's places as there are by now, each with the time of the call.
    func live() throws(KernelStateError) -> [LiveSource] { try place.live() }
}
