/// What decides which replacement an address or a name gets: 128 bits. Who has it can take the replacement back.
public struct RedactionKey: Hashable, Sendable {
    var low: UInt64
    var high: UInt64

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// A key of the system's random numbers (getrandom(2)), which nobody keeps.
    public static func random() -> RedactionKey {
        var source = SystemRandomNumberGenerator()
        return RedactionKey(low: source.next(), high: source.next())
    }

    /// How many bytes a secret has at least.
    public static let minimumSize = 16

    /// The key that a secret of random bytes or digits stands for, the same each time; nil for one that is too short.
    public init?(secret: [UInt8]) {
        guard secret.count >= Self.minimumSize else { return nil }
        self.init(
            low: SipHash(RedactionKey(low: 0, high: 0)).hash(secret), high: SipHash(RedactionKey(low: 0, high: 1)).hash(secret))
    }
}
