// capture-comparer FILE - decodes a captured dump with kstate's decoder and with libnetfilter_conntrack, and says what they read
// differently; exits with 1 when that is anything, or when the capture is not whole.

import DecoderComparison
import Glibc
import Netlink

guard CommandLine.arguments.count == 2 else {
    print("usage: capture-comparer FILE")
    exit(2)
}
let comparison: CaptureComparison
do {
    comparison = try CaptureComparison(capture: KernelFile(path: CommandLine.arguments[1]).contents())
} catch {
    print("capture-comparer: \(error)")
    exit(2)
}
for difference in comparison.differences {
    print("message \(difference.message)\n  kstate \(describe(difference.kstate))\n  peer   \(describe(difference.peer))")
}
print("\(comparison.entries.count) entries, \(comparison.differences.count) read differently, whole: \(comparison.isWhole)")
exit(comparison.differences.isEmpty && comparison.isWhole ? 0 : 1)

func describe<Entry>(_ entry: Entry?) -> String { entry.map { "\($0)" } ?? "refused" }
