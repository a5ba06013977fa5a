import KernelState

/// What rules choose connections by: worked out once for each connection, so that a rule is only shown what may concern it.
struct ConnectionTraits: OptionSet, Hashable, Sendable {
    var rawValue: UInt16
    init(rawValue: UInt16) { self.rawValue = rawValue }

    static let tcp = ConnectionTraits(rawValue: 1 << 0)
    static let udp = ConnectionTraits(rawValue: 1 << 1)
    /// conntrack has seen no answer.
    static let unreplied = ConnectionTraits(rawValue: 1 << 2)
    /// It went to a service: the destination was translated, or IPVS has it.
    static let served = ConnectionTraits(rawValue: 1 << 3)
    /// IPVS has it.
    static let inIPVS = ConnectionTraits(rawValue: 1 << 4)
    /// conntrack has it.
    static let inConntrack = ConnectionTraits(rawValue: 1 << 5)
    /// The backend sees another client address or port.
    static let masqueraded = ConnectionTraits(rawValue: 1 << 6)
    /// It is an IPVS persistence template.
    static let template = ConnectionTraits(rawValue: 1 << 7)
    /// Its conntrack zone is not 0.
    static let zoned = ConnectionTraits(rawValue: 1 << 8)
    /// Its service's or backend's port is 53.
    static let dns = ConnectionTraits(rawValue: 1 << 9)
    /// One of the tables has it as ESTABLISHED.
    static let established = ConnectionTraits(rawValue: 1 << 10)

    /// Nothing was translated, and IPVS does not have it.
    static let direct = ConnectionTraits(rawValue: 1 << 11)

    /// How many different values there are.
    static let combinations = 1 << 12

    @inline(__always)
    init(_ connection: Connection) {
        var traits: ConnectionTraits = []
        if connection.transport == .tcp { traits.insert(.tcp) } else if connection.transport == .udp { traits.insert(.udp) }
        if let flow = connection.conntrack {
            traits.insert(.inConntrack)
            if flow.isUnreplied { traits.insert(.unreplied) }
            if flow.state == .tcp(.established) { traits.insert(.established) }
            if connection.zone != 0 { traits.insert(.zoned) }
        }
        if let row = connection.ipvs {
            traits.insert([.inIPVS, .served])
            if row.isTemplate { traits.insert(.template) }
            if row.state == .established { traits.insert(.established) }
        } else if connection.service != nil {
            traits.insert(.served)
        } else {
            traits.insert(.direct)
        }
        if connection.translatedClient != nil { traits.insert(.masqueraded) }
        if connection.backend.port == 53 || connection.service?.port == 53 { traits.insert(.dns) }
        self = traits
    }
}
