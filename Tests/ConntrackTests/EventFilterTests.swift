internal import CLinux
import Testing

@testable import Conntrack

@Suite struct EventFilterTests {
    @Test func `the port filter compares all four ports and ends in a refusal`() throws {
        let program = try #require(EventFilter.program(ports: [53, 9153]))
        #expect(program.count == 4 * (9 + 2 * 2) + 1)
        #expect(program.filter { $0.k == 9153 }.count == 4)
        #expect(program.last?.k == 0)
        #expect(EventFilter.program(ports: []) == nil)
        #expect(EventFilter.program(ports: Array(1...17)) == nil)
    }
}
