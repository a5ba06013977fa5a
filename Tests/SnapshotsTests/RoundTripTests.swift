import KernelState
import Testing

@testable import Snapshots

@Suite struct RoundTripTests {
    @Test func placeholder() {}
}
