internal import CLinux
internal import Glibc
import KernelState
import ScriptedKernel
import Testing

@testable import Netlink

/// What no kernel should send, and what some do, through the socket itself.
@Suite struct ReceiveTests {
    private static let data: UInt16 = 0x100
    private static let done: UInt16 = 3
    private static let error: UInt16 = 2

    private struct Outcome: Equatable {
        var payloads: [Int] = []
        var progress: AnswerProgress?
        var code: Int32 = 0
    }

    /// Reads a dump that is answered by the datagrams that `script` makes of its sequence and port.
    private func dump(_ script: (UInt32, UInt32) -> [[UInt8]]) throws -> Outcome {
        var socket = try NetlinkSocket(protocol: 0)
        let kernel = ScriptedKernel(behind: socket.descriptor)
        var dump = try socket.dump(try NetlinkRequest(type: 0x12, flags: 0x300, header: [0]), operation: "reading a script")
        for datagram in script(2, socket.port) { kernel.say(datagram) }
        var outcome = Outcome()
        do throws(KernelStateError) {
            repeat {
                outcome.progress = try dump.next(on: socket) { outcome.payloads.append($0.payload.byteCount) }
            } while outcome.progress == .more
        } catch {
            outcome.progress = nil
            outcome.code = error.code
        }
        return outcome
    }

    private func message(_ type: UInt16, _ sequence: UInt32, _ port: UInt32, payload: [UInt8] = [0, 0, 0, 0], flags: UInt16 = 2) -> [UInt8] {
        ScriptedKernel.message(type, flags: flags, sequence: sequence, port: port, payload: payload)
    }

    @Test func `a dump is read to its end`() throws {
        let outcome = try dump { [message(Self.data, $0, $1) + message(Self.data, $0, $1), message(Self.done, $0, $1)] }
        #expect(outcome == Outcome(payloads: [4, 4], progress: .finished))
    }

    @Test func `a truncated message ends the dump with EBADMSG, after what came whole`() throws {
        let outcome = try dump {
            [message(Self.data, $0, $1) + ScriptedKernel.message(Self.data, sequence: $0, port: $1, payload: [1, 2], length: 400)]
        }
        #expect(outcome == Outcome(payloads: [4], code: EBADMSG))
        #expect(try dump { [Array(message(Self.data, $0, $1).prefix(9))] } == Outcome(code: EBADMSG))
    }

    @Test(arguments: [UInt32(0), 1, 15]) func `a length without room for the header ends the dump`(length: UInt32) throws {
        let outcome = try dump { [ScriptedKernel.message(Self.data, sequence: $0, port: $1, length: length)] }
        #expect(outcome == Outcome(code: EBADMSG))
    }

    @Test func `an empty datagram is passed over`() throws {
        #expect(try dump { [[], message(Self.done, $0, $1)] } == Outcome(progress: .finished))
    }

    @Test func `a datagram that the buffer cuts is an error and no half reading`() throws {
        let outcome = try dump { [message(Self.data, $0, $1, payload: [UInt8](repeating: 0, count: NetlinkSocket.bufferSize))] }
        #expect(outcome == Outcome(code: EMSGSIZE))
    }

    @Test func `another request's and another port's messages are passed over`() throws {
        let outcome = try dump {
            [
                message(Self.data, $0 &- 1, $1), message(Self.done, $0 &+ 1, $1), message(Self.error, $0, $1 &+ 1),
                message(Self.data, $0, $1, payload: []), message(Self.done, $0, $1),
            ]
        }
        #expect(outcome == Outcome(payloads: [0], progress: .finished))
    }

    @Test func `an error in the middle of a dump is the dump's error`() throws {
        let denied = withUnsafeBytes(of: -EPERM) { Array($0) }
        #expect(try dump { [message(Self.data, $0, $1), message(Self.error, $0, $1, payload: denied)] } == Outcome(payloads: [4], code: EPERM))
        #expect(try dump { [message(Self.data, $0, $1), message(Self.done, $0, $1, payload: denied)] } == Outcome(payloads: [4], code: EPERM))
    }

    @Test func `an error that has no opposite is an error like others`() throws {
        let none = withUnsafeBytes(of: Int32.min) { Array($0) }
        #expect(try dump { [message(Self.error, $0, $1, payload: none)] } == Outcome(code: .min))
        #expect(try dump { [message(Self.done, $0, $1, payload: none)] } == Outcome(code: .min))
    }

    @Test func `an interrupted dump is told at its end`() throws {
        let outcome = try dump { [message(Self.data, $0, $1, flags: 0x12), message(Self.data, $0, $1), message(Self.done, $0, $1)] }
        #expect(outcome == Outcome(payloads: [4, 4], progress: .interrupted))
    }

    @Test func `another process's datagram is dropped`() throws {
        // Protocol 2, NETLINK_USERSOCK, is the one where a process may send to another: here it is a second socket of our own.
        let socket = try NetlinkSocket(protocol: 2)
        let stranger = try NetlinkSocket(protocol: 2)
        var address = sockaddr_nl(nl_family: sa_family_t(AF_NETLINK), nl_pad: 0, nl_pid: socket.port, nl_groups: 0)
        let bytes = message(Self.data, 0, socket.port)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(stranger.descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        #expect(sent == bytes.count)
        let received: Int? = try socket.receive(waiting: false) { $0.byteCount }
        #expect(received == nil)
        let leftOver = recv(socket.descriptor, nil, 0, Int32(MSG_DONTWAIT))
        #expect(leftOver == -1)  // it had come, and was taken out
    }
}
