/// `1 connection`, `4 connections`.
///
/// - Parameters:
///   - count: how many.
///   - one: what they are, in the singular.
///   - many: the plural, where it is not the singular and an s.
public func counted(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    count == 1 ? "1 \(one)" : "\(count) \(many ?? one + "s")"
}
