import Glibc
import KernelState
import Testing

@testable import Imports

@Suite struct DirectoryTests {
    private static let entry =
        "udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=53 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 sport=53 dport=1 mark=0 use=1\n"
    private static let settings =
        "abi.vsyscall32 = 1\nnet.core.optmem_max = 131072\nnet.ipv4.tcp_rmem = 4096\t131072\t6291456\nnet.empty = \nsysctl: no\n"
    private static let statistics = """
        cpu=0   \tfound=7 invalid=3 insert=0 insert_failed=1 drop=2 early_drop=4 error=5 search_restart=6 clash_resolve=8 chaintoolong=9
        cpu=1   \tfound=1 invalid=0 ignore=77

        """

    @Test func anSosReport() throws {
        let files = [
            "sos_commands/conntrack/conntrack_-L_-o_extended": Self.entry,
            "sos_commands/conntrack/conntrack_-S": Self.statistics,
            "sos_commands/networking/namespaces/red_1/ip_netns_exec_red_1_conntrack_-L": Self.entry,
            "sos_commands/networking/ip_-d_address": "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n",
            "sos_commands/kernel/sysctl_-a": Self.settings,
            "sos_commands/kernel/uname_-a": "Linux node7 5.14.0-70.el9.x86_64 #1 SMP x86_64 GNU/Linux\n",
            "etc/hostname": "node7.example\n",
            "etc/sysctl.conf": "net.ipv4.ip_forward = 1\n",
            "proc/net/nf_conntrack": "ipv4     2 " + Self.entry.replacing("sport=1 ", with: "sport=2 "),
        ]
        try withDirectory(files) { directory in
            let sources = try #require(try ImportSearch.sources(at: directory + "/"))
            #expect(sources.map(\.place.namespace.name) == ["host", "red_1"])
            #expect(sources.allSatisfy { $0.place.node == "node7.example" && $0.place.kernel == "5.14.0-70.el9.x86_64" })
            #expect(try entries(sources[0].openConntrack(.confirmed, walks: nil)).count == 2)
            #expect(try entries(sources[1].openConntrack(.confirmed, walks: nil)).count == 1)
            let facts = sources[0].facts()
            #expect(facts.sysctls == ["net.core.optmem_max": "131072", "net.ipv4.tcp_rmem": "4096\t131072\t6291456", "net.empty": ""])
            #expect(facts.conntrackStatistics.map(\.cpu) == [0, 1])
            #expect(facts.conntrackStatistics[0].insertFailed == 1 && facts.conntrackStatistics[0].chainTooLong == 9)
            #expect(facts.problems.isEmpty)
        }
    }

    @Test func aDirectoryOfFilesTakesItsNameFromItself() throws {
        try withDirectory(["a/b/table": Self.entry, "sysctl": Self.settings + "rubbish\n", "other": "nothing\n"]) { directory in
            let source = try #require(try ImportSearch.sources(at: directory)?.first)
            #expect(source.place.node == String(directory.dropFirst("/tmp/".count)))
            #expect(source.texts.map(\.kind) == [.conntrackLines, .settings])
            #expect(source.facts().problems.map(\.cause) == ["1 line of \(directory)/sysctl could not be read, the first is line 6: rubbish"])
        }
    }

    @Test func aDirectoryWithoutAnyIsAnError() {
        withDirectory(["other": "nothing\n"]) { directory in
            _ = #expect(throws: KernelStateError.self) { try ImportSearch.sources(at: directory) }
        }
    }

    @Test func snapshotsInADirectoryAreNamed() throws {
        let snapshot = Array("SQLite format 3\0".utf8) + [UInt8](repeating: 1, count: 52) + Array("ksta".utf8)
        func write(_ bytes: [UInt8], to path: String) {
            let file = fopen(path, "w")
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        try withDirectory(["a.kstate": "", "b.db": "", "table": ""]) { directory in
            for name in ["a.kstate", "b.db"] { write(snapshot, to: "\(directory)/\(name)") }
            #expect { try ImportSearch.sources(at: directory) } throws: {
                "\($0)".hasSuffix("holds 2 snapshots; give the files themselves: --from \(directory)/a.kstate --from \(directory)/b.db")
            }
            write([0x28, 0xb5, 0x2f, 0xfd], to: "\(directory)/a.kstate")
            write(Array(Self.entry.utf8), to: "\(directory)/table")
            let sources = try #require(try ImportSearch.sources(at: directory))
            #expect(sources.map(\.snapshots) == [["\(directory)/a.kstate", "\(directory)/b.db"]])
            #expect(sources[0].texts.map(\.path) == ["\(directory)/table"])
        }
    }

    @Test func aReportsNetworkAndItsNamespaces() throws {
        let link = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP\n    inet 10.0.0.7/24 scope global eth0\n"
        let networking = "sos_commands/networking"
        let files = [
            "\(networking)/ip_-d_address": link,
            "\(networking)/ip_route_show_table_all": "default via 10.0.0.1 dev eth0 proto dhcp \n",
            "\(networking)/ip_-s_-s_neigh_show": "10.0.0.1 dev eth0  used 1/1/1probes 0 FAILED \n",
            "\(networking)/ip_-d_route_show_cache": "unicast 10.0.0.9 via 10.0.0.1 dev eth0 table main \n    cache  expires 412sec \n",
            "\(networking)/bridge_-s_-s_-d_-t_fdb_show": "66:00:00:00:00:01 dev vx0 dst 10.0.0.8 self permanent\n",
            "\(networking)/namespaces/a:b/ip_netns_exec_a_b_ip_-d_address_show": link.replacing("10.0.0.7", with: "10.1.0.7"),
            "\(networking)/namespaces/a:b/ip_netns_exec_a_b_sysctl_-a": "net.ipv4.ip_forward = 1\nnet.core.somaxconn = 4096\n",
            "sos_commands/conntrack/ip_netns_exec_a_b_conntrack_-L_-o_extended": Self.entry,
            "sos_commands/podman/podman_exec_web_ip_address": link.replacing("10.0.0.7", with: "10.2.0.7"),
            "etc/resolv.conf": "nameserver 10.96.0.10\n",
            "sos_commands/dns/resolv": "nameserver 10.96.0.11\n",
            "proc/net/stat/nf_conntrack": "entries  found insert_failed\n00000001  00000002 00000003\n",
            "sos_commands/ipvs/ipvsadm_-Ln_--timeout": "Timeout (tcp tcpfin udp): 900 120 300\n",
        ]
        try withDirectory(files) { directory in
            let sources = try #require(try ImportSearch.sources(at: directory))
            #expect(sources.map(\.place.namespace.name) == ["a:b", "host"])
            let (inner, host) = (sources[0].facts(), sources[1].facts())
            #expect(host.interfaces.map(\.name) == ["eth0", "vx0"])
            #expect(host.interfaces.flatMap(\.addresses).map { $0.address } == [IPAddress("10.0.0.7")])
            #expect(host.routes.map(\.gateway) == [IPAddress("10.0.0.1")] && host.routes.first?.interface == 2)
            #expect(host.neighbours.map(\.state) == [0x20, 0x80])
            #expect(host.resolverConfiguration == "nameserver 10.96.0.10\n")
            #expect(host.conntrackStatistics.map(\.insertFailed) == [3])
            #expect(host.ipvs?.udpTimeout == 300)
            #expect(host.problems.isEmpty)
            #expect(inner.interfaces.flatMap(\.addresses).map { $0.address } == [IPAddress("10.1.0.7")])
            #expect(inner.sysctls.count == 2 && inner.resolverConfiguration == nil)
            #expect(try entries(sources[0].openConntrack(.confirmed, walks: nil)).count == 1)
        }
    }

    @Test func aCopiedReportHasTheTimeThatTheNodesClockShowed() throws {
        func takenAt(_ dates: [String: String]) throws -> UInt64? {
            try withDirectory(dates.merging(["sos_commands/conntrack/conntrack_-L": Self.entry]) { $1 }) { directory in
                try #require(try ImportSearch.sources(at: directory)?.first).place.takenAt
            }
        }
        let then = UInt64(1_606_231_116_000_000_000)
        #expect(try takenAt(["sos_commands/date/date": "Tue Nov 24 15:18:36 UTC 2020\n"]) == then)
        let other = "Tue Nov 24 16:18:36 CET 2020\n"
        #expect(try takenAt(["sos_commands/date/date": other, "sos_commands/date/date_--utc": "Tue Nov 24 15:18:36 UTC 2020\n"]) == then)
        let now = try #require(try takenAt([:]))
        #expect(now > then)
        #expect(try #require(try takenAt(["sos_commands/date/date": other])) >= now)  // the zone's difference is not known
        // Files that are as old as the report itself keep their own times.
        var (seconds, text) = (time_t(now / 1_000_000_000 - 600), [CChar](repeating: 0, count: 64))
        _ = strftime(&text, text.count, "%a %b %e %H:%M:%S UTC %Y\n", gmtime(&seconds))
        let shown = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(try #require(try takenAt(["sos_commands/date/date": shown])) >= now)
    }

    @Test(arguments: [
        "", "Tue Nov 24 15:18:36 UTC", "Tue Now 24 15:18:36 UTC 2026", "Tue Nov 24 25:18:36 UTC 2026", "Tue Nov 32 15:18:36 UTC 2026",
        "Tue Nov 24 15:18 UTC 2026", "Tue Nov 24 15:18:36 UTC 99999",
    ])
    func whatIsNoDateIsNone(_ text: String) {
        #expect(DateText.time(text.split(separator: " ").map(String.init)) == nil)
    }

    @Test func aLinkOutOfAReportIsNotFollowed() throws {
        try withDirectory(["outside": "secret\n"]) { outside in
            try withDirectory(["sos_commands/conntrack/conntrack_-L": Self.entry, "etc/x": ""]) { directory in
                symlink("\(outside)/outside", "\(directory)/hostname")
                symlink("\(outside)/outside", "\(directory)/etc/resolv.conf")
                defer { for name in ["hostname", "etc/resolv.conf"] { unlink("\(directory)/\(name)") } }
                let node = try ImportSearch.sources(at: directory)?.first?.place.node
                #expect(node != nil && node != "secret")
                #expect(ContainedFile.path("etc/resolv.conf", in: directory) == nil)
                #expect(ContainedFile.path("etc/x", in: directory + "/") != nil)
            }
        }
    }

    @Test func namespacesByTheNamesOfFiles() {
        let tree = ReportTree("/nowhere")
        #expect(tree.namespace(of: "sos_commands/networking/namespaces/a b/ip_netns_exec_a_b_ip_-d_address_show") == "a b")
        #expect(tree.namespace(of: "sos_commands/networking/namespaces/ip_netns_exec_red_ip_route_show_table_all") == "red")
        #expect(tree.namespace(of: "sos_commands/networking/ip_netns_exec_red_ip_-s_-s_neigh_show") == "red")
        #expect(tree.namespace(of: "ip_netns_exec_qrouter-1_a_conntrack_-L_-o_extended") == "qrouter-1_a")
        #expect(tree.namespace(of: "ip_netns_exec_red_ipvsadm_-Ln") == "red")
        #expect(tree.namespace(of: "ip_netns_exec_red_cat_.proc.net.ip_vs") == "red")
        #expect(tree.namespace(of: "conntrack_-L") == "host")
        #expect(tree.namespace(of: "ip_netns_exec_") == "host")
    }
}
