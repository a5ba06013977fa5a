import CLinux
import Glibc
import Testing

@testable import Conntrack

@Suite struct EventFilterTests {
    @Test func `the port filter compares all four ports and ends in a refusal`() throws {
        let program = try #require(EventFilter.program(ports: [53, 9153]))
        #expect(program.count == 4 * (10 + 2 * 2) + 1)
        #expect(program.filter { $0.k == 9153 }.count == 4)
        #expect(program.last?.k == 0)
        #expect(EventFilter.program(ports: []) == nil)
        #expect(EventFilter.program(ports: Array(1...17)) == nil)
    }

    @Test func `the kernel lets an entry through that has one of the ports`() throws {
        for ports in [[9153], [53, 51_078], [1, 2, 3, 9153]] as [[UInt16]] { #expect(try passes(Fixtures.unreplied, ports)) }
        for ports in [[53], [1, 513], Array(1...16)] as [[UInt16]] { #expect(try !passes(Fixtures.unreplied, ports)) }
    }

    /// 1 and 513 are what stands where a port would, if the attribute that is not there began at the message's first byte.
    @Test func `an entry without ports does not pass, whatever the ports`() throws {
        var message = Fixtures.unreplied
        for index in message.indices.dropLast(4) where message[index..<index + 2] == [6, 0] && message[index + 3] == 0 {
            // CTA_PROTO_ICMP_ID and CTA_PROTO_ICMP_TYPE stand behind the ports.
            if [2, 3].contains(message[index + 2]) { message[index + 2] += 2 }
        }
        for type: UInt8 in [0, 2] {
            message[4] = type
            for ports in [[1], [513], [9153, 1, 513]] as [[UInt16]] { #expect(try !passes(message, ports)) }
        }
    }

    /// Any socket takes such a program: that of a pair in this process needs no rights.
    private func passes(_ message: [UInt8], _ ports: [UInt16]) throws -> Bool {
        var pair: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        try ConntrackEvents.attach(EventFilter.program(ports: ports), to: pair[1])
        try #require(send(pair[0], message, message.count, 0) == message.count)
        var received = [UInt8](repeating: 0, count: message.count)
        return recv(pair[1], &received, received.count, Int32(MSG_DONTWAIT)) == message.count
    }
}
