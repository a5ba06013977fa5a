internal import KernelState

/// Reads the lines of `ip link` and `ip address`, with `-d`, `-s` and `-o`:
///
///     6: vx0@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN group default qlen 1000
///         link/ether 36:f7:51:9b:df:9c brd ff:ff:ff:ff:ff:ff promiscuity 0 …
///         vxlan id 4096 local 192.168.0.10 dev eth0 srcport 0 0 dstport 4789 …
///         inet 10.244.0.0/32 scope global vx0
///     6: vx0    inet 10.244.0.0/32 scope global vx0\       valid_lft forever preferred_lft forever
struct LinkListParser: LineParser {
    private(set) var links: [LinkText] = []
    /// With `-d` what made a link stands in the line after its link-layer address.
    private var isKindNext = false

    mutating func parse(_ line: Line) -> LineResult<Void> {
        line.takeParts { part, isHeading in
            isHeading ? takeHeading(LineWords(part), line) : takeDetail(LineWords(part), line)
        }
    }

    /// True for a line that begins a link.
    static func isHeading(_ line: UnsafeRawBufferPointer) -> Bool {
        var words = LineWords(line)
        guard index(&words) != nil, let name = words.next(), let next = words.next() else { return false }
        if words[name.upperBound - 1] == UInt8(ascii: ":") { return words.begins(next, "<") }
        return isFamily(next, words) && address(&words, isTerminated: true) != nil
    }

    private static func index(_ words: inout LineWords) -> UInt32? {
        guard let word = words.next(), word.lowerBound == 0, words[word.upperBound - 1] == UInt8(ascii: ":") else { return nil }
        return words.decimal(0..<word.upperBound - 1).flatMap(UInt32.init(exactly:))
    }

    private static func isFamily(_ word: Range<Int>, _ words: LineWords) -> Bool { words.matches(word, "inet") || words.matches(word, "inet6") }

    // MARK: Links

    private mutating func takeHeading(_ words: LineWords, _ line: Line) -> LineResult<Void> {
        var words = words
        guard let index = Self.index(&words), let name = words.next(), let next = words.next() else { return .unreadable }
        if words[name.upperBound - 1] != UInt8(ascii: ":") {
            guard Self.isFamily(next, words), let address = Self.address(&words, isTerminated: line.isTerminated) else { return .unreadable }
            isKindNext = false
            begin(LinkText(index: index, name: words.text(name)))
            links[links.count - 1].add(address)
            return .entry(())
        }
        guard let link = Self.link(index, words.text(name.lowerBound..<name.upperBound - 1), flags: next, &words, isTerminated: line.isTerminated)
        else { return .unreadable }
        isKindNext = false
        begin(link)
        return .entry(())
    }

    /// `-o address` names a link again for each of its addresses.
    private mutating func begin(_ link: LinkText) {
        if let last = links.last, last.index == link.index { links[links.count - 1].fill(from: link) } else { links.append(link) }
    }

    private static func link(
        _ index: UInt32, _ name: String, flags: Range<Int>, _ words: inout LineWords, isTerminated: Bool
    ) -> LinkText? {
        guard words.begins(flags, "<"), words[flags.upperBound - 1] == UInt8(ascii: ">"), let key = words.next(), words.matches(key, "mtu"),
            let mtu = words.next().flatMap(words.decimal).flatMap(UInt32.init(exactly:)), isTerminated || words.next() != nil
        else { return nil }
        let parts = name.split(separator: "@")
        guard let own = parts.first else { return nil }
        var link = LinkText(index: index, name: parts.count > 2 ? parts.dropLast().joined(separator: "@") : String(own))
        if parts.count > 1, let lower = parts.last, lower != "NONE" { link.lower = String(lower) }
        link.isUp = words.text(flags.lowerBound + 1..<flags.upperBound - 1).split(separator: ",").contains("UP")
        link.mtu = mtu
        return link
    }

    // MARK: What is said of them

    private mutating func takeDetail(_ words: LineWords, _ line: Line) -> LineResult<Void> {
        var words = words
        guard let first = words.next() else { return .nothing }
        guard !links.isEmpty else { return .unreadable }
        let wasKindNext = isKindNext
        isKindNext = false
        if Self.isFamily(first, words) {
            guard let address = Self.address(&words, isTerminated: line.isTerminated) else { return .unreadable }
            links[links.count - 1].add(address)
            return .entry(())
        }
        if words.begins(first, "link/") {
            while let word = words.next() { if words.matches(word, "promiscuity") { isKindNext = true } }
        } else if wasKindNext, Self.isKind(words.text(first)) {
            links[links.count - 1].takeKind(words.text(first), &words)
        }
        return .nothing
    }

    /// False for what else may follow the link-layer address.
    private static func isKind(_ word: String) -> Bool {
        !["alias", "altname", "vf"].contains(word) && !word.hasSuffix("_slave") && !word.hasSuffix(":") && !word.contains("/")
    }

    /// `10.0.0.1/24`, or `10.0.0.1 peer 10.0.0.2/32`, whose length is of the peer's network.
    private static func address(_ words: inout LineWords, isTerminated: Bool) -> AddressPrefix? {
        guard let first = words.next(), let next = words.next() ?? (isTerminated ? first : nil) else { return nil }
        guard words.matches(next, "peer") else { return AddressPrefix(words[first]) }
        guard let own = IPAddress(utf8: words[first]), let peer = words.next().flatMap({ AddressPrefix(words[$0]) }),
            peer.address.family == own.family, isTerminated || words.next() != nil
        else { return nil }
        return AddressPrefix(own, length: peer.length)
    }
}

extension LinkText {
    /// Takes the kind, and what the kinds that carry packets in packets say of themselves.
    fileprivate mutating func takeKind(_ name: String, _ words: inout LineWords) {
        kind = name
        let isOverlay = name == "vxlan" || name == "geneve"
        guard isOverlay || ["ipip", "sit", "gre", "gretap"].contains(name) else { return }
        while let key = words.next() {
            switch words.text(key) {
            case "remote", "group": tunnelRemote = words.next().flatMap { IPAddress(utf8: words[$0]) }
            case "local": tunnelLocal = words.next().flatMap { IPAddress(utf8: words[$0]) }
            case "dev": lower = words.next().map(words.text) ?? lower
            case "id" where isOverlay: tunnelIdentifier = words.next().flatMap(words.decimal).flatMap(UInt32.init(exactly:))
            case "dstport" where isOverlay: tunnelPort = words.next().flatMap(words.decimal).flatMap(UInt16.init(exactly:))
            default: break
            }
        }
    }
}
