/// A kernel's version by its first two numbers.
struct KernelVersion: Comparable {
    var major: Int
    var minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `uname -r`; nil where it does not begin with two numbers.
    init?(_ release: String) {
        let numbers = release.split(separator: ".", maxSplits: 2).prefix(2).map { Int($0.prefix { $0.isNumber }) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        self.init(major, minor)
    }

    static func < (left: KernelVersion, right: KernelVersion) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
}
