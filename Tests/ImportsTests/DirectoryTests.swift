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

    @Test func namespacesByTheNamesOfFiles() {
        #expect(DirectorySearch.namespace(of: "ip_netns_exec_qrouter-1_a_conntrack_-L_-o_extended") == "qrouter-1_a")
        #expect(DirectorySearch.namespace(of: "ip_netns_exec_red_ipvsadm_-Ln") == "red")
        #expect(DirectorySearch.namespace(of: "ip_netns_exec_red_cat_.proc.net.ip_vs") == "red")
        #expect(DirectorySearch.namespace(of: "conntrack_-L") == "host")
        #expect(DirectorySearch.namespace(of: "ip_netns_exec_") == "host")
    }
}
