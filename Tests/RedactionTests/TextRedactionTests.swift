import KernelState
import Testing

@testable import Redaction

@Suite struct TextRedactionTests {
    private let redaction = Redaction(RedactionKey(low: 1, high: 2))

    @Test func `sentences lose the addresses and names in them and nothing else`() {
        let node = redaction.names.node("worker-7.acme.example")
        let space = redaction.names.namespace("/run/docker/netns/5f3a")
        let address = redaction.addresses.map(IPAddress("10.1.2.3")!)
        let other = redaction.addresses.map(IPAddress("fd00:10::5")!)
        #expect(
            redaction.redacted(text: "opening /run/docker/netns/5f3a on worker-7.acme.example: refused by 10.1.2.3:53, [fd00:10::5]:53.")
                == "opening \(space) on \(node): refused by \(address):53, [\(other)]:53.")
        #expect(redaction.redacted(text: "run as root or with CAP_NET_ADMIN") == "run as root or with CAP_NET_ADMIN")
    }

    @Test func `names say what they are of, and are the same for the same key`() {
        let again = Redaction(RedactionKey(low: 1, high: 2))
        let other = Redaction(RedactionKey(low: 1, high: 3))
        #expect(redaction.names.node("a") == again.names.node("a"))
        #expect(redaction.names.node("a") != other.names.node("a"))
        #expect(redaction.names.node("a") != redaction.names.node("b"))
        #expect(redaction.names.node("a").hasPrefix("node-"))
        #expect(redaction.names.namespace("host") == "host")
        #expect(redaction.names.namespace("self") == "self")
        #expect(redaction.names.namespace("pid 42") == "pid 42")
    }

    @Test func `interfaces keep what made them and fit the kernel's length`() {
        for (name, beginning) in [("cali0123456789a", "cali"), ("eth0", "eth"), ("uplink-acme", "if"), ("macvlan12", "macvlan")] {
            let mapped = redaction.names.interface(name)
            #expect(mapped.hasPrefix(beginning) && mapped != name && mapped.utf8.count <= 15, "\(mapped)")
        }
        #expect(redaction.names.interface("kube-ipvs0") == "kube-ipvs0")
    }

    @Test func `facts lose every name`() {
        var facts = NodeFacts()
        facts.interfaces = [NetworkInterface(index: 2, name: "acme.100")]
        facts.sysctls = ["net.ipv4.conf.acme/100.rp_filter": "1", "net.ipv4.conf.all.rp_filter": "0", "net.netfilter.nf_conntrack_max": "5"]
        facts.sysctls["net.ipv4.tcp_fastopen_key"] = "a1b2c3d4-e5f60718-293a4b5c-6d7e8f90"
        facts.sysctls["net.ipv6.conf.all.stable_secret"] = "2001:db8::5"
        facts.resolverConfiguration = """
            # made for acme
            nameserver 10.233.0.3
            nameserver fe80::1%acme.100
            search shop.svc.cluster.local svc.cluster.local acme.example
            options ndots:5 acme:1 edns0
            sortlist 10.9.9.0
            """
        var daemons = IPVSFacts()
        daemons.daemons = [IPVSDaemon(role: .master, interface: "acme.100", syncIdentifier: 1)]
        facts.ipvs = daemons
        facts.problems = [KernelStateError(operation: "looking at acme.100", cause: "gone")]
        let redacted = redaction.redacted(facts)
        let name = redacted.interfaces[0].name
        #expect(redacted.ipvs?.daemons[0].interface == name)
        #expect(redacted.problems[0].operation == "looking at \(name)")
        #expect(Set(redacted.sysctls.keys) == ["net.ipv4.conf.\(name).rp_filter", "net.ipv4.conf.all.rp_filter", "net.netfilter.nf_conntrack_max"])
        let resolver = redacted.resolverConfiguration ?? ""
        #expect(!resolver.contains("acme") && !resolver.contains("shop") && !resolver.contains("10.9"))
        #expect(resolver.contains(".svc.cluster.local svc.cluster.local ") && resolver.contains("options ndots:5 edns0\n"))
        #expect(resolver.contains("nameserver \(redaction.addresses.map(IPAddress("10.233.0.3")!))\n"))
    }

    @Test func `a firewall mark is no address`() {
        var template = IPVSConnection(
            transport: .ip, client: Endpoint(address: IPAddress("10.1.1.1")!, port: 0),
            service: Endpoint(address: IPAddress("0.0.0.9")!, port: 0), backend: Endpoint(address: IPAddress("10.2.2.2")!, port: 0),
            state: .established, expires: 5)
        #expect(redaction.redacted(template).firewallMark == 9)
        template.transport = .tcp
        #expect(redaction.redacted(template).service.address != template.service.address)
    }

    @Test func `a secret that is too short is no key`() {
        #expect(RedactionKey(secret: [UInt8](repeating: 7, count: 15)) == nil)
        #expect(RedactionKey(secret: Array(0..<32)) == RedactionKey(secret: Array(0..<32)))
        #expect(RedactionKey(secret: Array(0..<32)) != RedactionKey(secret: Array(1..<33)))
    }
}
