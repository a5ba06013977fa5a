/// What a user must know of data that is not as it should be: one line a matter, counted, with the first that showed it.
public struct NoticeList: Sendable {
    private var counts: [(matter: String, count: Int, example: String)] = []

    public init() {}

    /// Counts one more of `matter`, a clause that stands before its number: `services have no address`.
    public mutating func count(_ matter: String, _ example: @autoclosure () -> String) {
        if let index = counts.firstIndex(where: { $0.matter == matter }) {
            counts[index].count += 1
        } else {
            counts.append((matter, 1, example()))
        }
    }

    /// Takes over what another list has counted.
    public mutating func add(_ other: NoticeList) {
        for notice in other.counts {
            if let index = counts.firstIndex(where: { $0.matter == notice.matter }) {
                counts[index].count += notice.count
            } else {
                counts.append(notice)
            }
        }
    }

    /// `services have no address: 3, as default/web`.
    public var lines: [String] {
        counts.map { "\($0.matter): \($0.count), as \($0.example)" }
    }
}
