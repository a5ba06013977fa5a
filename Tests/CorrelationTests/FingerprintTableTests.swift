import Testing

@testable import Correlation

@Suite struct FingerprintTableTests {
    /// Against a dictionary, with keys that fight for the same slots, as the low bits are the slot.
    @Test(arguments: [1, 16, 1 << 20]) func `it holds what a dictionary holds`(stride: UInt64) {
        var random = SystemRandomNumberGenerator()
        var table = FingerprintTable<Int>()
        var expected: [UInt64: Int] = [:]
        for step in 0..<20_000 {
            let key = UInt64.random(in: 0..<400, using: &random) &* stride
            // It grows, shrinks to nothing, and grows again.
            let isRemoval = Int.random(in: 0..<100, using: &random) < (step / 4_000 % 2 == 0 ? 20 : 90)
            table[key] = isRemoval ? nil : step
            expected[key] = isRemoval ? nil : step
            #expect(table[key] == expected[key])
        }
        #expect(Set(table.keys) == Set(expected.keys))
        table.forEach { key, value in #expect(expected[key] == value) }
        for key in expected.keys { table[key] = nil }
        #expect(table.isEmpty)
    }
}
