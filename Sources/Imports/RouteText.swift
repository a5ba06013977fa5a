internal import KernelState

/// A route as texts tell it, which name its link.
struct RouteText: Hashable {
    var route: Route
    var device: String?

    /// `RTN_*`.
    private static let types: [String: UInt8] = [
        "unicast": 1, "local": 2, "broadcast": 3, "anycast": 4, "multicast": 5, "blackhole": 6, "unreachable": 7, "prohibit": 8, "throw": 9,
    ]
    /// `RT_TABLE_*`. Other names are those of the node's rt_tables, whose numbers no text tells.
    private static let tables: [String: UInt32] = ["local": 255, "main": 254, "default": 253]

    /// Reads `default via 10.0.0.1 dev eth0 proto static metric 100`; nil for what is no route.
    ///
    /// - Parameter family: of a default route that names no address, as the text has it so far.
    init?(_ line: UnsafeRawBufferPointer, family: AddressFamily) {
        var words = LineWords(line)
        guard var word = words.next(), word.lowerBound == 0 else { return nil }
        var type: UInt8 = 1
        if let known = Self.types[words.text(word)] {
            type = known
            guard let next = words.next() else { return nil }
            word = next
        }
        let isDefault = words.matches(word, "default")
        guard let destination = isDefault ? AddressPrefix(.unspecified(family), length: 0) : AddressPrefix(words[word]) else { return nil }
        route = Route(destination: destination, table: 254, type: type)
        var hasPreference = false
        while let key = words.next() {
            if words.matches(key, "pref") { hasPreference = true }
            guard take(key, &words) else { return nil }
        }
        if isDefault { takeFamily(hasPreference: hasPreference) }
    }

    /// Reads what follows `nexthop`, for a route that shares its load among several.
    init?(hop words: inout LineWords, of route: Route) {
        self.route = route
        while let key = words.next() { guard take(key, &words) else { return nil } }
        guard device != nil || self.route.gateway != nil else { return nil }
    }

    /// True when it says where packets go; one that does not has its next hops on lines of their own.
    var isWhole: Bool { device != nil || route.gateway != nil || route.type != 1 }

    private mutating func take(_ key: Range<Int>, _ words: inout LineWords) -> Bool {
        switch words.text(key) {
        case "via":
            guard var word = words.next() else { return false }
            if words.matches(word, "inet") || words.matches(word, "inet6") {
                guard let next = words.next() else { return false }
                word = next
            }
            route.gateway = IPAddress(utf8: words[word])
            return route.gateway != nil
        case "dev":
            device = words.next().map(words.text)
            return device != nil
        case "src":
            route.preferredSource = words.next().flatMap { IPAddress(utf8: words[$0]) }
            return route.preferredSource != nil
        case "metric": return route.metric.set(words.next().flatMap(words.decimal))
        case "table": return takeTable(words.next().map(words.text))
        // Their values may look like keys.
        case "proto", "scope", "realm", "realms": return words.next() != nil
        case "encap": return skipEncapsulation(&words)
        default: return true
        }
    }

    private mutating func takeTable(_ name: String?) -> Bool {
        guard let name else { return false }
        route.table = Self.tables[name] ?? UInt32(name) ?? 0
        return true
    }

    /// `encap ip id 5 src 0.0.0.0 dst 192.168.0.20 ttl 0 tos 0` has addresses of its own, and ends where the route's way begins.
    private mutating func skipEncapsulation(_ words: inout LineWords) -> Bool {
        while let word = words.next() {
            if words.matches(word, "via") || words.matches(word, "dev") { return take(word, &words) }
        }
        return true
    }

    /// A default route is of the family of an address in it, or of IPv6's where it has a preference, which IPv4 knows none of.
    private mutating func takeFamily(hasPreference: Bool) {
        let told = route.preferredSource?.family ?? (hasPreference ? .ipv6 : route.gateway?.family)
        if let told { route.destination.address = .unspecified(told) }
    }
}
