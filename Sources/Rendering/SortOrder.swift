/// An order of rows by one key: `--sort KEY`, or `--sort -KEY` for the highest first.
public protocol SortOrder: Sendable {
    associatedtype Key: RawRepresentable<String>, CaseIterable, Equatable, Sendable

    var key: Key { get }
    var descending: Bool { get }
    init(key: Key, descending: Bool)
}

extension SortOrder {
    /// Reads a key's name, with `-` before it for descending; nil for an unknown one.
    public init?(_ text: String) {
        let descending = text.hasPrefix("-")
        guard let key = Key(rawValue: descending ? String(text.dropFirst()) : text) else { return nil }
        self.init(key: key, descending: descending)
    }

    /// As `--sort` takes it.
    public var text: String { (descending ? "-" : "") + key.rawValue }

    /// The names of all keys, for whoever has given another.
    public static var keyNames: String { Key.allCases.map(\.rawValue).joined(separator: ", ") }

    /// The order by the key after this one, after the last by the first, in the same direction.
    public var next: Self {
        let keys = Array(Key.allCases)
        let index = keys.firstIndex(of: key).map { ($0 + 1) % keys.count } ?? 0
        return Self(key: keys[index], descending: descending)
    }
}
