import ArgumentParser
import Filters

/// Which part of what was saved is looked at.
struct StretchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of what was saved: everything since a moment, as 2026-11-24T03:00:00Z, '2026-11-24 03:00' or 03:00 in local time, or 10m for ten "
                + "minutes before the end.", valueName: "moment"),
        transform: ValueReading.moment)
    var since: Moment?

    @Option(
        help: ArgumentHelp("Of what was saved: as it was at a moment, or with --since until then; the end by default.", valueName: "moment"),
        transform: ValueReading.moment)
    var until: Moment?

    var isGiven: Bool { since != nil || until != nil }
}
