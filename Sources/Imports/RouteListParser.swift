internal import KernelState

/// Reads the lines of `ip route show table all`, with `-4`, `-6`, `-d`, `-s` and `-o`. A route to several next hops is a route for each:
///
///     10.7.0.0/16 proto static
///     	nexthop via 192.168.0.2 dev eth0 weight 1
///     	nexthop via 192.168.0.3 dev eth0 weight 1
struct RouteListParser: LineParser {
    private(set) var routes: [RouteText] = []
    /// The kernel tells IPv4's routes first.
    private var family = AddressFamily.ipv4
    /// What the lines after it are about, and how many of the routes are its own.
    private var current: (route: Route, count: Int)?

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        // A number or name that the file ends in may go on.
        guard line.isTerminated else { return .unreadable }
        return line.takeParts { part, isBeginning in isBeginning ? takeRoute(part) : takeDetail(LineWords(part)) }
    }

    private mutating func takeRoute(_ part: UnsafeRawBufferPointer) -> LineResult<Void> {
        current = nil
        guard let text = RouteText(part, family: family) else { return .unreadable }
        if text.route.destination.length > 0 { family = text.route.destination.address.family }
        current = (text.route, 0)
        guard text.isWhole else { return .nothing }
        append(text)
        return .entry(())
    }

    private mutating func takeDetail(_ words: LineWords) -> LineResult<Void> {
        var words = words
        guard let first = words.next() else { return .nothing }
        guard let current else { return .unreadable }
        if words.matches(first, "nexthop") {
            guard let hop = RouteText(hop: &words, of: current.route) else { return .unreadable }
            append(hop)
            return .entry(())
        }
        // What was learnt of one destination, as `ip route show cache` has it, is no route.
        if words.matches(first, "cache") {
            routes.removeLast(current.count)
            self.current = nil
        }
        return .nothing
    }

    private mutating func append(_ text: RouteText) {
        routes.append(text)
        current?.count += 1
    }
}
