import KernelState
import Testing

@testable import Imports

/// Texts that ipvsadm 1.31 and Linux 6.1 have printed of the services in Tests/Lab/services.sh.
@Suite struct IPVSTextTests {
    private static let list = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
        TCP  10.96.0.10:82 rr
          -> [fd00:244::7]:82             Tunnel  1      0          0
          -> 10.244.0.5:82                Tunnel  1      1          0
        TCP  10.96.0.10:86 wlc persistent 60 mask 255.255.255.0
          -> 10.244.0.5:86                Route   1000   0          0
        UDP  10.96.0.10:53 rr ops
          -> 10.244.0.5:53                Masq    1      0          0
        UDP  10.96.0.10:5060 rr persistent 30 pe sip
          -> 10.244.0.5:5060              Masq    1      0          0
        SCTP 10.96.0.10:36412 rr
        TCP  [fd00:96::1]:80 wrr persistent 100 mask 64
          -> [fd00:244::5]:8080           Masq    3      0          0
        FWM  7 rr persistent 300
          -> 10.244.0.5:0                 Masq    1      1          0
        FWM  9 IPv6 lc
          -> [fd00:244::6]:0              Masq    2      0          0

        """
    private static let saved = """
        -A -t 10.96.0.10:82 -s rr
        -a -t 10.96.0.10:82 -r [fd00:244::7]:82 -i -w 1 --tun-type ipip
        -a -t 10.96.0.10:82 -r 10.244.0.5:82 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
        -A -t 10.96.0.10:86 -s wlc -p 60 -M 255.255.255.0
        -a -t 10.96.0.10:86 -r 10.244.0.5:86 -g -w 1000
        -A -u 10.96.0.10:53 -s rr -o
        -a -u 10.96.0.10:53 -r 10.244.0.5:53 -m -w 1
        -A -u 10.96.0.10:5060 -s rr -p 30 --pe sip
        -a -u 10.96.0.10:5060 -r 10.244.0.5:5060 -m -w 1
        -A --sctp-service 10.96.0.10:36412 -s rr
        -A -t [fd00:96::1]:80 -s wrr -p 100 -M 64
        -a -t [fd00:96::1]:80 -r [fd00:244::5]:8080 -m -w 3
        -A -f 7 -s rr -p 300
        -a -f 7 -r 10.244.0.5:0 -m -w 1
        -A -f 9 -6 -s lc
        -a -f 9 -6 -r [fd00:244::6]:0 -m -w 2

        """
    private static let counters = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
          -> RemoteAddress:Port
        UDP  10.96.0.10:53                      20   123456K        1      112       60
          -> 10.244.0.5:53                      20       40        1      112       60
        FWM  9 IPv6                              1        2        3        4        5
          -> [fd00:244::6]:0                     1        2        3        4        5

        """
    private static let rates = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS
          -> RemoteAddress:Port
        UDP  10.96.0.10:53                       9        8        7        6        5

        """

    private static let thresholds = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn
          -> RemoteAddress:Port
        TCP  10.96.0.10:86 wlc persistent 60 mask 255.255.255.0
          -> 10.244.0.5:86                100        50         0          0

        """

    private func source(_ texts: String...) throws -> (services: [VirtualService], log: [LineTally]) {
        try withFiles(texts) { paths in
            let source = try #require(try ImportSearch.sources(at: paths).first)
            return (try source.services(), source.log.readings)
        }
    }

    private func service(_ services: [VirtualService], _ identity: ServiceIdentity) -> VirtualService? {
        services.first { $0.identity == identity }
    }

    @Test func theListAndTheCommandsTellTheSame() throws {
        let listed = try source(Self.list)
        var saved = try source(Self.saved)
        #expect(listed.services.count == 8)
        #expect(listed.log.allSatisfy { $0.unreadable == 0 } && saved.log.allSatisfy { $0.unreadable == 0 })
        for index in saved.services.indices {
            for backend in saved.services[index].backends.indices {
                let counted = listed.services[index].backends[backend]
                saved.services[index].backends[backend].activeConnections = counted.activeConnections
            }
        }
        #expect(listed.services == saved.services)
        let network = try #require(service(listed.services, .address(.tcp, Endpoint(address: IPAddress("10.96.0.10")!, port: 86))))
        #expect(network.isPersistent && network.persistence == 60 && network.persistenceNetmask == 0xffff_ff00)
        #expect(network.backends.first?.forwarding == .route)
        #expect(service(listed.services, .firewallMark(9, .ipv6))?.backends.first?.weight == 2)
        #expect(service(listed.services, .firewallMark(7, .ipv4))?.persistenceNetmask == .max)
    }

    @Test func numbersAreJoinedToTheServices() throws {
        let services = try source(Self.counters, Self.list, Self.rates, Self.saved, Self.thresholds).services
        #expect(services.count == 8)
        let dns = try #require(service(services, .address(.udp, Endpoint(address: IPAddress("10.96.0.10")!, port: 53))))
        #expect(dns.counters?.inboundPackets == 123_456_000)
        #expect(dns.counters?.outboundBytes == 60)
        #expect(dns.counters?.connectionRate == 9)
        #expect(dns.counters?.outboundByteRate == 5)
        #expect(dns.backends.first?.counters?.connections == 20)
        #expect(dns.flags == VirtualService.onePacketFlag)
        #expect(service(services, .firewallMark(9, .ipv6))?.counters?.connections == 1)
        let network = service(services, .address(.tcp, Endpoint(address: IPAddress("10.96.0.10")!, port: 86)))
        #expect(network?.backends.first?.upperThreshold == 100)
        #expect(network?.backends.first?.lowerThreshold == 50)
    }

    @Test func countersAloneTellNoService() throws {
        let error = #expect(throws: KernelStateError.self) { try source(Self.counters) }
        #expect(error?.cause == "it tells numbers of IPVS services, and not how they are configured")
    }

    /// As ipvsadm prints without `-n`.
    @Test func whatNamesHideIsNotTakenForSomethingElse() throws {
        let heading =
            "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
            + "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
        let list =
            heading + "TCP  10.96.0.10:81 rr\n  -> 10.244.0.5:http-alt          Masq    1      1          0\n"
            + "TCP  10.96.0.10:82 rr\n  -> 10.244.0.5:82                Masq    1      1          0\n"
            + "TCP  10.96.0.10:http rr\n  -> 10.244.0.6:9376              Masq    1      1          0\nTCP  10.96.0.10:99 rr\n"
        let save =
            "-A -t 10.96.0.10:81 -s rr\n-a -t 10.96.0.10:81 -r 10.244.0.5:http-alt -m -w 1\n"
            + "-A -t 10.96.0.10:82 -s rr\n-a -t 10.96.0.10:82 -r 10.244.0.5:82 -m -w 1\n-A -t 10.96.0.10:99 -s rr\n"
        for (text, unreadable, command) in [(list, 3, "ipvsadm -Ln"), (save, 1, "ipvsadm -Sn")] {
            let (services, log) = try source(text)
            // Neither is the first without a backend, nor has the second one of the third's.
            #expect(services.map { $0.backends.map(\.endpoint.port) } == [[82], []])
            #expect(log.map(\.unreadable) == [unreadable])
            #expect(log[0].complaint?.hasSuffix("(names stand in it: save what \(command) prints)") == true)
        }
    }

    @Test func theKernelsTable() throws {
        let table = """
            IP Virtual Server version 1.2.1 (size=4096)
            Prot LocalAddress:Port Scheduler Flags
              -> RemoteAddress:Port Forward Weight ActiveConn InActConn
            TCP  0A60000A:0056 wlc  persistent 6000 FFFFFF00
              -> 0AF40005:0056      Route   1000   0          0
            no such line
            """
        let read = try source(table)
        #expect(read.services.first?.persistenceNetmask == 0xffff_ff00)
        #expect(read.log.first?.text.kind == .ipvsServiceTable)
        #expect(read.log.first?.examples.map(\.number) == [6])
        let both = try source(table, Self.list).services
        #expect(both.count == 8 && both.allSatisfy { $0.persistence != 0 })
    }

    @Test func connectionsOfTheListAndOfTheTable() throws {
        let list = """
            IPVS connection entries
            pro expire state       source             virtual            destination
            TCP 14:57  ESTABLISHED 192.168.0.10:50594 10.96.0.10:85      10.96.0.10:85
            TCP 04:57  NONE        192.168.0.10:0     10.96.0.10:81      10.244.0.5:8080
            IP  04:57  NONE        192.168.0.10:0     0.0.0.7:0          10.244.0.5:0
            UDP 307445734561825860:13 UDP [fd00::9]:34254 [fd00:10:233::3]:53 [fd00:10:244::65]:53
            TCP soon   NONE        192.168.0.10:0     10.96.0.10:81      10.244.0.5:8080
            TCP 04:57  NONE        192.168.0.10:0     dns.cluster:81     10.244.0.5:8080
            """
        let table = """
            Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
            TCP C0A8000A C5A2 0A60000A 0055 0A60000A 0055 ESTABLISHED LOCAL      897
            TCP C0A8000A 0000 0A60000A 0051 0AF40005 1F90 NONE        LOCAL      297
            IP  C0A8000A 0000 00000007 0000 0AF40005 0000 NONE        LOCAL      297

            """
        let listed = try rows(list)
        var tabled = try rows(table).rows
        #expect(tabled.allSatisfy { $0.origin == .local })
        for index in tabled.indices { tabled[index].origin = nil }
        #expect(Array(listed.rows.prefix(3)) == tabled)
        #expect(listed.rows.last?.client == Endpoint(address: IPAddress("fd00::9")!, port: 34254))
        #expect(listed.rows.last?.expires == 0)
        #expect(listed.coverage.undecodable == 2)
        let both = try rows(list, table.replacing("LOCAL ", with: "").replacing("Origin ", with: ""), table).rows
        #expect(both.count == 4)
        #expect(both.filter { $0.origin == .local }.count == 3)  // the text that tells it comes first
    }

    @Test func whatServicesLackIsToldWithTheirTable() throws {
        try withFiles([Self.list + "garbage\n"]) { paths in
            let source = try #require(try ImportSearch.sources(at: paths).first)
            _ = try source.services()
            #expect(performing: { try source.openIPVS() }, throws: { "\($0)".contains("garbage") && ($0 as? KernelStateError)?.code == 0 })
        }
    }

    private func rows(_ texts: String...) throws -> (rows: [IPVSConnection], coverage: TableCoverage) {
        try withFiles(texts) { paths in
            let table = try #require(try ImportSearch.sources(at: paths).first).openIPVS()
            return (try entries(table), table.coverage)
        }
    }
}
