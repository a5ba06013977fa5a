import Glibc
import KernelState
import Testing

@testable import NodeReading

@Suite struct SettingReaderTests {
    @Test func `names are those of sysctl, which writes the dot of a link's name as a slash`() {
        #expect(SettingReader.name(of: "netfilter/nf_conntrack_max") == "net.netfilter.nf_conntrack_max")
        #expect(SettingReader.name(of: "ipv4/conf/eth0.100/rp_filter") == "net.ipv4.conf.eth0/100.rp_filter")
    }

    @Test func `settings of this machine`() {
        var problems: [KernelStateError] = []
        let settings = SettingReader.settings(&problems)
        #expect(problems.isEmpty)
        #expect(settings["net.ipv4.ip_forward"] == "0" || settings["net.ipv4.ip_forward"] == "1")
        #expect(settings["net.ipv4.conf.all.rp_filter"] != nil)
    }
}

@Suite struct ResolverFileTests {
    @Test func `whose resolv.conf it is`() {
        let ofProcess = ResolverFile(namespacePath: "/proc/4242/ns/net")
        #expect(ofProcess.root == "/proc/4242/root" && ofProcess.path == "etc/resolv.conf")
        for path in ["/proc/thread-self/ns/net", "/run/netns/kstate-no-such-namespace", "/some/mount"] {
            let file = ResolverFile(namespacePath: path)
            #expect(file.root == "/" && file.path == "etc/resolv.conf")
        }
    }

    @Test func `the file of a process is read through its root`() throws {
        let own = try ResolverFile(namespacePath: "/proc/\(getpid())/ns/net").contents()
        #expect(try own == ResolverFile(namespacePath: "/proc/thread-self/ns/net").contents())
    }

    @Test func `a process that has ended is an error with its reason`() {
        let error = #expect(throws: KernelStateError.self) { try ResolverFile(namespacePath: "/proc/\(Int32.max)/ns/net").contents() }
        #expect(error?.code == ENOENT)
    }
}
