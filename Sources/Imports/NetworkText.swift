internal import KernelState

/// What texts have told of the links, routes and neighbours of a namespace.
struct NetworkText {
    private var links: [LinkText] = []
    private var routes: [RouteText] = []
    private var neighbours: [NeighbourText] = []

    mutating func add(_ more: [LinkText]) {
        for link in more {
            if let index = links.firstIndex(where: { $0.index == link.index && $0.name == link.name }) {
                links[index].fill(from: link)
            } else {
                links.append(link)
            }
        }
    }

    /// Adds those that no text before has told.
    mutating func add(_ more: [RouteText]) {
        let known = Set(routes)
        routes += more.filter { !known.contains($0) }
    }

    mutating func add(_ more: [NeighbourText]) {
        let known = Set(neighbours.map(\.key))
        neighbours += more.filter { !known.contains($0.key) }
    }

    /// Puts numbers in the place of the links' names. A link that routes or neighbours alone name gets one that no other has.
    func join(to facts: inout NodeFacts) {
        var links = links
        var indices = Dictionary(links.map { ($0.name, $0.index) }) { first, _ in first }
        var last = links.map(\.index).max() ?? 0
        for name in routes.compactMap(\.device) + neighbours.map(\.device) where indices[name] == nil && last < .max {
            last += 1
            indices[name] = last
            links.append(LinkText(index: last, name: name))
        }
        facts.interfaces = links.map { $0.interface(indices) }
        facts.routes = routes.map { text in
            var route = text.route
            route.interface = text.device.flatMap { indices[$0] }
            return route
        }
        facts.neighbours = neighbours.compactMap { text in
            guard let index = indices[text.device] else { return nil }
            var neighbour = text.neighbour
            neighbour.interface = index
            return neighbour
        }
    }
}
