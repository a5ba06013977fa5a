internal import Glibc
import KernelState
import ScriptedKernel
import Testing

@testable import Conntrack
@testable import Netlink

/// The table's decisions on answers that no kernel gives on demand. Its counts are this kernel's: it needs nf_conntrack.
@Suite(.enabled(if: access("/proc/sys/net/netfilter/nf_conntrack_count", R_OK) == 0, "nf_conntrack is not loaded"))
struct ConntrackTableTests {
    /// One pass's answer: the recorded entry and the end, with what `NLM_F_DUMP_INTR` says.
    private func pass(_ sequence: UInt32, _ port: UInt32, interrupted: Bool, entry: [UInt8] = Array(Fixtures.unreplied.dropFirst(16))) -> [UInt8] {
        ScriptedKernel.message(0x100, flags: interrupted ? 0x12 : 2, sequence: sequence, port: port, payload: entry)
            + ScriptedKernel.message(3, sequence: sequence, port: port, payload: [0, 0, 0, 0])
    }

    private func read(_ passes: (UInt32) -> [[UInt8]]) throws -> (coverage: TableCoverage, entries: Int) {
        // Not the list of confirmed entries, whose number the kernel's count would contradict.
        let table = try ConntrackTable(.dying)
        let kernel = ScriptedKernel(behind: table.socket.descriptor)
        for datagram in passes(table.socket.port) { kernel.say(datagram) }
        var entries = 0
        while try table.next(where: { _ in true }, { _ in entries += 1 }) {}
        return (table.coverage, entries)
    }

    @Test func `an interrupted dump is followed by another pass, which adds only what is new`() throws {
        let (coverage, entries) = try read { [pass(2, $0, interrupted: true), pass(3, $0, interrupted: false)] }
        #expect(coverage.complete && coverage.passes == 2 && coverage.reason == nil)
        #expect(entries == 1)
    }

    @Test func `a dump that is interrupted each time ends incomplete, with the reason`() throws {
        let (coverage, entries) = try read { port in (2...4).map { pass($0, port, interrupted: true) } }
        #expect(!coverage.complete && coverage.available)
        #expect(coverage.passes == ConntrackTable.maximumPasses)
        #expect(coverage.reason == "the kernel interrupted the dump")
        #expect(entries == 1)
    }

    @Test func `unknown attributes change nothing, and bytes that are no entry are counted`() throws {
        let unknown: [UInt8] = (0..<40).flatMap { [8, 0, 200 + $0, 0, 1, 2, 3, 4] }
        let known = Array(Fixtures.unreplied.dropFirst(16))
        let (coverage, entries) = try read { [pass(2, $0, interrupted: false, entry: known + unknown)] }
        #expect(coverage.complete && entries == 1 && coverage.undecodable == 0)
        let (broken, none) = try read { [pass(2, $0, interrupted: false, entry: Array(known.prefix(32)))] }
        #expect(none == 0 && broken.undecodable == 1)
    }
}
