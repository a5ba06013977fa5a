import KernelState
import Testing

@testable import Snapshots

@Suite struct NamesTests {
    private func names() -> SavedNames {
        var service = ClusterService(name: ObjectName(namespace: "kube-system", name: "kube-dns"))
        service.ports = [ClusterServicePort(transport: .udp, port: 53, name: "dns"), ClusterServicePort(transport: .tcp, port: 53, nodePort: 30_053)]
        service.clusterAddresses = [IPAddress("10.233.0.3")!, IPAddress("fd00::3")!]
        service.externalAddresses = [IPAddress("192.0.2.9")!]
        service.loadBalancerAddresses = [IPAddress("192.0.2.10")!]
        service.hasSelector = false
        var headless = ClusterService(name: ObjectName(namespace: "shop", name: "db"))
        headless.isHeadless = true
        headless.isExternalName = true
        var endpoint = ServiceEndpoint(
            service: service.name, portName: "dns", transport: .udp, endpoint: Endpoint(address: IPAddress("10.233.71.4")!, port: 53))
        endpoint.isReady = false
        endpoint.isTerminating = true
        endpoint.node = "node1"
        endpoint.pod = ObjectName(namespace: "kube-system", name: "coredns-1")
        var other = ServiceEndpoint(
            service: headless.name, portName: "", transport: .sctp, endpoint: Endpoint(address: IPAddress("fd00::7")!, detail: .none))
        other.isServing = false
        var pod = ClusterPod(name: ObjectName(namespace: "kube-system", name: "coredns-1"))
        pod.node = "node1"
        pod.addresses = [IPAddress("10.233.71.4")!, IPAddress("fd00::4")!]
        pod.isReady = true
        pod.deletedAt = 1_763_940_730
        var finished = ClusterPod(name: ObjectName(namespace: "shop", name: "job"))
        finished.isFinished = true
        finished.usesHostNetwork = true
        var node = ClusterNode(name: "node1")
        node.addresses = [IPAddress("10.0.0.1")!]
        node.isReady = true
        let names = ClusterNames(
            services: [service, headless], endpoints: [endpoint, other], pods: [pod, finished], nodes: [node, ClusterNode(name: "node2")])
        return SavedNames(names: names, notices: ["reading pods: no whole answer"] + names.notices)
    }

    @Test func `every field of every name comes back`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.kstate")
        let saved = names()
        let writer = try SnapshotWriter(path: path, program: "test")
        try writer.add([MemorySource(), MemorySource()])
        try writer.add(saved)
        try writer.finish()
        let reader = try SnapshotReader(path: path)
        let read = try #require(try reader.names())
        #expect(read.names.services == saved.names.services)
        #expect(read.names.endpoints == saved.names.endpoints)
        #expect(read.names.pods == saved.names.pods)
        #expect(read.names.nodes == saved.names.nodes)
        #expect(read.notices == saved.notices)
        #expect(!saved.names.notices.isEmpty)
        // All places of a file have the same.
        for source in reader.sources(of: reader.samples[0]) { #expect(try source.savedNames() === read) }
        let stretch = try SavedHistory(path: path).states(over: 0...UInt64.max)
        #expect(try stretch.map { try $0.savedNames()?.names.pods } == Array(repeating: saved.names.pods, count: stretch.count))
        #expect(!stretch.isEmpty)
    }

    @Test func `a file without names has none`() throws {
        let folder = try TemporaryFolder()
        let writer = try SnapshotWriter(path: folder.file("a.kstate"), program: "test")
        try writer.add([MemorySource()])
        try writer.finish()
        #expect(try SnapshotReader(path: folder.file("a.kstate")).names() == nil)
    }

    @Test func `names of several files are one cluster's`() throws {
        let one = names()
        let other = names()
        let joined = try #require(SavedNames.joined([one, other, one]))
        #expect(joined.names.pods == one.names.pods)
        #expect(joined.notices.count == one.notices.count)
        #expect(SavedNames.joined([one, one]) === one)
        #expect(SavedNames.joined([]) == nil)
    }
}
