internal import KernelState

/// What texts have told of a link.
struct LinkText {
    var index: UInt32
    var name: String
    var isUp: Bool?
    var mtu: UInt32?
    var kind: String?
    private(set) var addresses: [AddressPrefix] = []
    /// The same again: a link may have thousands, as that of IPVS' services has.
    private var known: Set<AddressPrefix> = []
    var tunnelPort: UInt16?
    var tunnelIdentifier: UInt32?
    var tunnelLocal: IPAddress?
    var tunnelRemote: IPAddress?
    /// The device below by its name, or as `if5` where that is one of another namespace.
    var lower: String?

    init(index: UInt32, name: String) {
        self.index = index
        self.name = name
    }

    mutating func add(_ address: AddressPrefix) {
        if known.insert(address).inserted { addresses.append(address) }
    }

    /// Takes what `other` has and this has not.
    mutating func fill(from other: LinkText) {
        isUp = isUp ?? other.isUp
        mtu = mtu ?? other.mtu
        kind = kind ?? other.kind
        for address in other.addresses { add(address) }
        tunnelPort = tunnelPort ?? other.tunnelPort
        tunnelIdentifier = tunnelIdentifier ?? other.tunnelIdentifier
        tunnelLocal = tunnelLocal ?? other.tunnelLocal
        tunnelRemote = tunnelRemote ?? other.tunnelRemote
        lower = lower ?? other.lower
    }

    /// The link. One whose flags no text has told counts as up: that a link is down is a finding, and needs one that says so.
    ///
    /// - Parameter indices: of the links by their names.
    func interface(_ indices: [String: UInt32]) -> NetworkInterface {
        var interface = NetworkInterface(index: index, name: name)
        interface.isUp = isUp ?? true
        interface.mtu = mtu ?? 0
        interface.kind = kind ?? ""
        interface.addresses = addresses
        interface.tunnelPort = tunnelPort
        interface.tunnelIdentifier = tunnelIdentifier
        interface.tunnelLocal = tunnelLocal
        interface.tunnelRemote = tunnelRemote
        interface.lowerIndex = lower.flatMap { indices[$0] ?? Self.index(in: $0) }
        return interface
    }

    /// `if5` is 5.
    private static func index(in name: String) -> UInt32? { name.hasPrefix("if") ? UInt32(name.dropFirst(2)) : nil }
}
