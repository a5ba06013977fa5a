public import KernelState

/// Replaces the addresses and names of records, each consistently: what was one thing before is one after, in every record and, with
/// one key, in every file.
///
/// What is replaced tells nothing without the key but this: which addresses share how long a prefix, and which class they are of.
/// Ports, times, counters, marks, numbers of interfaces and namespaces, settings and the kernel's release stay what they are.
public final class Redaction {
    var addresses: AddressMapping
    var names: NameMapping
    /// The names that were redacted last: all places of a file have the same.
    var redactedNames: (original: SavedNames, redacted: SavedNames)?

    /// - Parameters:
    ///   - key: decides what is replaced by what.
    ///   - fileNames: of the files that the sources read, which their errors name.
    public init(_ key: RedactionKey, fileNames: [String] = []) {
        let hash = SipHash(key)
        addresses = AddressMapping(hash)
        names = NameMapping(hash)
        for name in fileNames { names.file(name) }
    }

    /// The same source, with everything that it tells redacted.
    public func source(_ source: any StateSource) -> any StateSource { RedactedSource(source, self) }

    func redacted(_ place: Place) -> Place {
        var place = place
        place.node = names.node(place.node)
        place.namespace.name = names.namespace(place.namespace.name)
        return place
    }

    func redacted(_ coverage: TableCoverage) -> TableCoverage {
        var coverage = coverage
        coverage.reason = coverage.reason.map { redacted(text: $0) }
        return coverage
    }

    func redacted(_ error: KernelStateError) -> KernelStateError {
        KernelStateError(
            operation: redacted(text: error.operation), cause: redacted(text: error.cause), remedy: redacted(text: error.remedy),
            code: error.code)
    }

    // MARK: Sentences

    /// A sentence with every address in it, and every name that was met before, replaced.
    func redacted(text: String) -> String {
        var result = ""
        for (name, replacement) in names.replaced.filter({ $0.key.contains { !Self.isOfWord($0) } }) where text.contains(name) {
            return redacted(text: text.split(separator: name, omittingEmptySubsequences: false).joined(separator: replacement))
        }
        var word = ""
        for character in text {
            if Self.isOfWord(character) {
                word.append(character)
            } else {
                result += redacted(word: word)
                result.append(character)
                word = ""
            }
        }
        return result + redacted(word: word)
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || ["_", ".", ":", "-", "@"].contains(character)
    }

    /// A word, with the dot or colon that ends a sentence or clause left alone.
    private func redacted(word: String) -> String {
        guard let last = word.last else { return word }
        if let known = names.replaced[word] { return known }
        if let address = IPAddress(word) { return addresses.map(address).description }
        if last == "." || last == ":" { return redacted(word: String(word.dropLast())) + String(last) }
        guard let colon = word.lastIndex(of: ":") else { return word }
        return redacted(word: String(word[..<colon])) + String(word[colon...])
    }
}
