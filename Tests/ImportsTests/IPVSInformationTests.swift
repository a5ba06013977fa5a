import KernelState
import Testing

@testable import Imports

/// Texts that ipvsadm 1.31 has printed on Linux 6.1.
@Suite struct IPVSInformationTests {
    private static let timeouts = "Timeout (tcp tcpfin udp): 890 121 299\n"
    private static let daemons = """
        master sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)
        backup sync daemon (mcast=eth0, syncid=9, maxlen=1400, group=ff02::5, port=8849, ttl=3)

        """
    private static let services = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
        TCP  10.96.0.10:82 rr

        """

    private func facts(_ texts: String...) throws -> (facts: NodeFacts, kinds: [TextKind]) {
        try withFiles(texts) { paths in
            let source = try #require(try ImportSearch.sources(at: paths).first)
            return (source.facts(), source.texts.map(\.kind))
        }
    }

    @Test func everyTextTogether() throws {
        let read = try facts(Self.daemons, Self.services, Self.timeouts)
        #expect(read.kinds == [.ipvsServiceList, .ipvsTimeouts, .ipvsDaemons])
        let ipvs = try #require(read.facts.ipvs)
        #expect((ipvs.version, ipvs.connectionTableSize) == (0x01_0201, 4_096))
        #expect((ipvs.tcpTimeout, ipvs.tcpFinTimeout, ipvs.udpTimeout) == (890, 121, 299))
        #expect(
            ipvs.daemons == [
                IPVSDaemon(role: .master, interface: "eth0", syncIdentifier: 7), IPVSDaemon(role: .backup, interface: "eth0", syncIdentifier: 9),
            ])
        #expect(read.facts.problems.isEmpty)
    }

    @Test func whatNoTextTellsIsAbsent() throws {
        #expect(try facts(Self.timeouts).facts.ipvs?.daemons == [])
        #expect(try facts(Self.services).facts.ipvs?.tcpTimeout == nil)
        #expect(try facts(Self.daemons).facts.ipvs?.tcpTimeout == nil)
        let saved = "-A -t 10.96.0.10:82 -s rr\n"  // `ipvsadm -Sn` tells of services alone
        #expect(try facts(saved).facts.ipvs == nil)
    }

    @Test func theKernelsFileTellsVersionAndSizeToo() throws {
        let table = """
            IP Virtual Server version 1.2.1 (size=32768)
            Prot LocalAddress:Port Scheduler Flags
              -> RemoteAddress:Port Forward Weight ActiveConn InActConn

            """
        #expect(try facts(table).facts.ipvs?.connectionTableSize == 32_768)
    }

    @Test func earlierToolsTellLessOfADaemon() throws {
        #expect(
            try facts("backup sync daemon (mcast=bond0.7, syncid=255)\n").facts.ipvs?.daemons == [
                IPVSDaemon(role: .backup, interface: "bond0.7", syncIdentifier: 255)
            ])
    }

    @Test func whatIsCutShortIsNamed() throws {
        let read = try facts(Self.daemons + "master sync daemon (mcast=eth0, sync\n", Self.timeouts + "Timeout (tcp tcpfin udp): 9 9 9")
        #expect(read.facts.ipvs?.tcpTimeout == 890)
        #expect(read.facts.problems.count == 2)
        #expect(read.facts.problems.contains { $0.cause.hasSuffix("the first is line 3: master sync daemon (mcast=eth0, sync") })
        #expect(read.facts.problems.contains { $0.cause.contains("line 2: Timeout") })
    }

    @Test(arguments: [
        "Timeout (tcp tcpfin udp): 890 121", "Timeout (tcp tcpfin udp): 890 121 x", "Timeout (tcp tcpfin udp): 890 121 299 1",
        "Timeout (tcp tcpfin udp): 99999999999 1 1", "third sync daemon (mcast=eth0, syncid=7)", "master sync daemon (mcast=, syncid=7)",
        "master sync daemon (mcast=eth0, syncid=x)", "master sync daemon (mcast=eth0)",
    ])
    func whatIsNoneOfThemIsNotTaken(_ line: String) {
        #expect(parse(line) { IPVSTimeoutParser.timeouts($0) } == nil)
        #expect(parse(line) { IPVSDaemonParser.daemon($0) } == nil)
    }

    @Test(arguments: ["", "IP Virtual Server version", "IP Virtual Server version 1.2.1 (size=", "IP Virtual Server version 1.2 (size=)"])
    func aHeadingOfAnotherFormTellsNothing(_ line: String) {
        #expect(parse(line) { IPVSText(heading: $0) }.facts == nil)
    }
}
