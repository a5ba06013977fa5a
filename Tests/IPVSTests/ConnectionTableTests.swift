import Foundation
import KernelState
import Netlink
import Testing

@testable import IPVS

/// What two files say that change between two passes, as those of /proc do.
private final class Files {
    private let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false) }
    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Clients of those ports, and templates where the port is 0.
    func writeConnections(_ ports: [UInt16]) throws {
        let lines = ports.map { port in
            let client = String(port, radix: 16, uppercase: true)
            return "TCP 0AE94B09 \(String(repeating: "0", count: 4 - client.count))\(client) 0AE90003 23C1 0AE94701 23C1 ESTABLISHED 58\n"
        }
        try write(["Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"] + lines, "ip_vs_conn")
    }

    func writeServices(active: Int, inactive: Int) throws {
        try write(
            [
                "IP Virtual Server version 1.2.1 (size=4096)\n", "Prot LocalAddress:Port Scheduler Flags\n",
                "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n", "TCP  0AE90003:23C1 rr  \n",
                "  -> 0AE94701:23C1      Masq    1      \(active)          \(inactive)\n",
            ], "ip_vs")
    }

    /// So many connections were ever made. The total is of some time ago.
    func writeStatistics(made: Int) throws {
        try write(
            [
                "       Total Incoming Outgoing         Incoming         Outgoing\n",
                "CPU    Conns  Packets  Packets            Bytes            Bytes\n",
                "  0 \(String(made / 2, radix: 16, uppercase: true))        9        9            1D9C8                9\n",
                "  B \(String(made - made / 2, radix: 16, uppercase: true))        9        9            1D9C8                9\n",
                "  ~        1        9        9            1D9C8                9\n", "\n", "     Conns/s   Pkts/s\n", "  0        0        0\n",
            ], "ip_vs_stats_percpu")
    }

    /// In place: whoever has the file open reads on in it.
    private func write(_ lines: [String], _ name: String) throws {
        try Data(lines.joined().utf8).write(to: directory.appending(path: name))
    }

    func table() throws -> IPVSConnectionTable {
        let statistics = try? open("ip_vs_stats_percpu")
        return IPVSConnectionTable(
            OverlappingPages(try open("ip_vs_conn"), try open("ip_vs_conn")),
            countedBy: IPVSGauge(services: try open("ip_vs"), statistics: statistics))
    }

    private func open(_ name: String) throws -> KernelFile { try KernelFile(path: directory.appending(path: name).path) }
}

@Suite struct ConnectionTableTests {
    private let files: Files

    init() throws { files = try Files() }

    /// Reads all of a table; the ports of its clients.
    private func ports(of table: IPVSConnectionTable, afterPass: () throws -> Void = {}) throws -> [UInt16] {
        var ports: [UInt16] = []
        while try table.next(where: { _ in true }, { ports.append($0.client.port ?? 0) }) {
            if table.coverage.complete { try afterPass() }
        }
        return ports
    }

    @Test func `a table that stands still is read once`() throws {
        try files.writeServices(active: 2, inactive: 1)
        try files.writeConnections([1, 2, 3, 0])
        let table = try files.table()
        #expect(try ports(of: table) == [1, 2, 3, 0])
        #expect(table.coverage.complete && table.coverage.passes == 1 && table.coverage.read == 4)
    }

    @Test(arguments: [[1, 2], [1, 2, 0]] as [[UInt16]])
    func `a connection that one pass did not meet is looked for in another`(first: [UInt16]) throws {
        try files.writeServices(active: 2, inactive: 1)
        try files.writeConnections(first)
        let table = try files.table()
        #expect(try ports(of: table) { try files.writeConnections([1, 2, 3]) } == first + [3])
        #expect(table.coverage.complete && table.coverage.passes == 2)
    }

    @Test func `a few that have ended since they were counted are nobody's loss`() throws {
        try files.writeServices(active: 2, inactive: 1)
        try files.writeConnections([1, 2])
        let table = try files.table()
        #expect(try ports(of: table) == [1, 2])
        #expect(table.coverage.complete && table.coverage.passes == 2)
    }

    @Test func `what no pass has met is told`() throws {
        try files.writeServices(active: 100, inactive: 20)
        try files.writeConnections([1, 2, 0])
        let table = try files.table()
        #expect(try ports(of: table) == [1, 2, 0])
        #expect(!table.coverage.complete && table.coverage.passes == IPVSConnectionTable.maximumPasses)
        #expect(table.coverage.reason == "2 connections were read where the services count 120")
    }

    /// Of several portions: all rows are of one length, so that one that goes moves those behind it up, as it does in the kernel.
    private func writeMany(_ ports: ClosedRange<UInt16>) throws {
        try files.writeServices(active: 3_000, inactive: 0)
        try files.writeConnections(Array(ports))
    }

    @Test func `a long table that stands still is read once`() throws {
        try writeMany(1...3_000)
        try files.writeStatistics(made: 5_000)
        let table = try files.table()
        #expect(try ports(of: table) == Array(1...3_000))
        #expect(table.coverage.complete && table.coverage.passes == 1)
    }

    @Test func `a connection that another hides as it ends is found, though the count is the same`() throws {
        try writeMany(1...3_000)
        try files.writeStatistics(made: 5_000)
        let table = try files.table()
        var ports: [UInt16] = []
        var portions = 0
        while try table.next(where: { _ in true }, { ports.append($0.client.port ?? 0) }) {
            portions += 1
            if portions == 1 {
                try writeMany(2...3_001)
                try files.writeStatistics(made: 5_001)
            }
        }
        #expect(Set(ports) == Set(1...3_001) && ports.count == 3_001)
        #expect(table.coverage.complete && table.coverage.passes == 2)
    }

    @Test func `connections beyond the count may hide some as they end`() throws {
        try writeMany(1...3_100)
        let table = try files.table()
        #expect(try ports(of: table) == Array(1...3_100))
        #expect(table.coverage.complete && table.coverage.passes == 2)
    }

    @Test func `rows that move faster than pages overlap are told`() throws {
        try writeMany(1...9_000)
        let table = try files.table()
        var first: UInt16 = 1
        while try table.next(where: { _ in true }, { _ in }) {
            first = 802 - first  // a portion has 1,100
            try writeMany(first...9_000)
        }
        #expect(!table.coverage.complete && table.coverage.passes == IPVSConnectionTable.maximumPasses)
        #expect(table.coverage.reason == "connections ended faster than the table could be read")
    }
}
