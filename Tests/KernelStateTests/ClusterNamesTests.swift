import KernelState
import Testing

private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

private func pod(_ name: String, _ addresses: String..., node: String? = "n1", change: (inout ClusterPod) -> Void = { _ in }) throws -> ClusterPod {
    var pod = ClusterPod(name: ObjectName(namespace: "d", name: name))
    pod.addresses = try addresses.map(address)
    pod.node = node
    pod.isReady = true
    change(&pod)
    return pod
}

private func node(_ name: String, _ addresses: String...) throws -> ClusterNode {
    var node = ClusterNode(name: name)
    node.addresses = try addresses.map(address)
    return node
}

private func service(_ name: String, _ addresses: String..., ports: [ClusterServicePort] = [ClusterServicePort(transport: .tcp, port: 80)]) throws
    -> ClusterService
{
    var service = ClusterService(name: ObjectName(namespace: "d", name: name))
    service.clusterAddresses = try addresses.map(address)
    service.ports = ports
    return service
}

private func serviceEndpoint(_ service: String, _ text: String, _ port: UInt16, pod: String?) throws -> ServiceEndpoint {
    var endpoint = ServiceEndpoint(
        service: ObjectName(namespace: "d", name: service), portName: "", transport: .tcp, endpoint: Endpoint(address: try address(text), port: port))
    endpoint.pod = pod.map { ObjectName(namespace: "d", name: $0) }
    return endpoint
}

private func names(
    services: [ClusterService] = [], endpoints: [ServiceEndpoint] = [], pods: [ClusterPod] = [], nodes: [ClusterNode] = []
) -> ClusterNames {
    ClusterNames(services: services, endpoints: endpoints, pods: pods, nodes: nodes)
}

@Suite struct ClusterNamesTests {
    @Test func `an address that a finished pod still names is the running one's, in whatever order they come`() throws {
        let running = try pod("running", "10.1.0.1")
        let finished = try pod("finished", "10.1.0.1") { $0.isFinished = true }
        let leaving = try pod("leaving", "10.1.0.1") { $0.deletedAt = 1 }
        for pods in [[running, finished, leaving], [finished, leaving, running], [leaving, running, finished]] {
            let names = names(pods: pods)
            #expect(names.pod(at: try address("10.1.0.1")) == .pod(running))
            #expect(names.pods(naming: try address("10.1.0.1")) == [running, leaving, finished])
            #expect(names.notices == [])
        }
        #expect(names(pods: [finished, leaving]).pod(at: try address("10.1.0.1")) == .pod(leaving))
        #expect(names(pods: [finished]).pod(at: try address("10.1.0.1")) == .pod(finished))
    }

    @Test func `of several pods with one address none is guessed`() throws {
        let first = try pod("a", "10.1.0.1")
        let second = try pod("b", "10.1.0.1")
        let both = names(pods: [second, first])
        #expect(both.pod(at: try address("10.1.0.1")) == .severalPods([second, first]))
        #expect(both.notices == ["addresses are those of several pods: 1, as 10.1.0.1 of d/b and d/a"])
        let ended = try [pod("x", "10.1.0.2"), pod("y", "10.1.0.2")].map { pod in
            var pod = pod
            pod.isFinished = true
            return pod
        }
        #expect(names(pods: ended).pod(at: try address("10.1.0.2")) == .severalPods(ended))
        #expect(names(pods: ended).notices == [])
    }

    @Test func `a service's endpoint tells which of several pods answers on a port`() throws {
        let pods = try [pod("a", "10.1.0.1"), pod("b", "10.1.0.1")]
        let named = names(endpoints: [try serviceEndpoint("s", "10.1.0.1", 8080, pod: "b")], pods: pods)
        #expect(named.pod(.tcp, Endpoint(address: try address("10.1.0.1"), port: 8080)) == .pod(pods[1]))
        #expect(named.pod(.tcp, Endpoint(address: try address("10.1.0.1"), port: 8081)) == .severalPods(pods))
        #expect(named.pod(.udp, Endpoint(address: try address("10.1.0.1"), port: 8080)) == .severalPods(pods))
        let contradicting = names(
            endpoints: [try serviceEndpoint("s", "10.1.0.1", 8080, pod: "b"), try serviceEndpoint("t", "10.1.0.1", 8080, pod: "a")], pods: pods)
        #expect(contradicting.pod(.tcp, Endpoint(address: try address("10.1.0.1"), port: 8080)) == .severalPods(pods))
    }

    @Test func `pods on a node's network share its address`() throws {
        let host = try [pod("proxy", "192.168.0.1") { $0.usesHostNetwork = true }, pod("dns", "192.168.0.1") { $0.usesHostNetwork = true }]
        let ended = try pod("old", "192.168.0.1") {
            $0.usesHostNetwork = true
            $0.isFinished = true
        }
        let nodes = [try node("n1", "192.168.0.1")]
        let endpoints = [try serviceEndpoint("dns", "192.168.0.1", 53, pod: "dns")]
        let full = names(endpoints: endpoints, pods: host + [ended], nodes: nodes)
        #expect(full.pod(at: try address("192.168.0.1")) == .node("n1", hostNetworkPods: 2))
        #expect(full.pod(.tcp, Endpoint(address: try address("192.168.0.1"), port: 53)) == .pod(host[1]))
        #expect(full.pod(.tcp, Endpoint(address: try address("192.168.0.1"), port: 10250)) == .node("n1", hostNetworkPods: 2))
        // Without the nodes, the pods on their networks tell the addresses.
        #expect(names(pods: host).pod(at: try address("192.168.0.1")) == .node("n1", hostNetworkPods: 2))
        #expect(names(nodes: nodes).pod(at: try address("192.168.0.1")) == .node("n1", hostNetworkPods: 0))
        #expect(full.notices == [])
    }

    @Test func `without the pods, an endpoint still tells its pod's name`() throws {
        let named = names(endpoints: [try serviceEndpoint("s", "10.1.0.1", 8080, pod: "a")])
        guard case .pod(let pod) = named.pod(.tcp, Endpoint(address: try address("10.1.0.1"), port: 8080)) else {
            Issue.record("no pod")
            return
        }
        #expect(pod.name.description == "d/a")
        #expect(named.pod(at: try address("10.1.0.1")) == .unknown)
    }

    @Test func `a service and a pod, or a pod and a node, with one address`() throws {
        let both = names(services: [try service("s", "10.1.0.1")], pods: [try pod("p", "10.1.0.1")], nodes: [try node("n", "10.1.0.9")])
        #expect(both.service(.tcp, Endpoint(address: try address("10.1.0.1"), port: 80))?.service.name == "s")
        #expect(both.pod(at: try address("10.1.0.1")) == .pod(both.pods[0]))
        #expect(both.notices == ["addresses are a service's and a pod's: 1, as 10.1.0.1 of d/s and d/p"])
        let onNode = names(pods: [try pod("p", "10.1.0.9")], nodes: [try node("n", "10.1.0.9")])
        #expect(onNode.pod(at: try address("10.1.0.9")) == .node("n", hostNetworkPods: 0))
        #expect(onNode.notices == ["pods have the address of a node and are not on its network: 1, as d/p, 10.1.0.9 of n"])
    }

    @Test func `two services that claim one port: the first by name is shown, and it is said`() throws {
        let clash = names(services: [try service("z", "10.2.0.1"), try service("a", "10.2.0.1")])
        #expect(clash.service(.tcp, Endpoint(address: try address("10.2.0.1"), port: 80))?.service.name == "a")
        #expect(clash.notices == ["ports are claimed by two services: 1, as tcp 10.2.0.1:80 by d/a and d/z"])
    }

    @Test func `node ports are of the families that the service has`() throws {
        let four = try service("four", "10.2.0.1", ports: [ClusterServicePort(transport: .tcp, port: 80, nodePort: 30_080)])
        let dual = try service("dual", "10.2.0.2", "fd00:2::2", ports: [ClusterServicePort(transport: .tcp, port: 81, nodePort: 30_081)])
        let named = names(services: [four, dual], nodes: [try node("n", "192.168.0.1", "fd00::1")])
        #expect(named.service(.tcp, Endpoint(address: try address("192.168.0.1"), port: 30_080))?.port == 80)
        #expect(named.service(.tcp, Endpoint(address: try address("fd00::1"), port: 30_080)) == nil)
        #expect(named.service(.tcp, Endpoint(address: try address("fd00::1"), port: 30_081))?.service.name == "dual")
        #expect(named.service(.tcp, Endpoint(address: try address("fd00::1"), detail: .none)) == nil)
    }

    @Test func `of an object that comes twice the last is kept, and of an endpoint the ready one`() throws {
        var ready = try serviceEndpoint("s", "10.1.0.1", 80, pod: "p")
        var unready = ready
        unready.isReady = false
        let named = names(
            services: [try service("s", "10.2.0.1"), try service("s", "10.2.0.2")], endpoints: [unready, ready, unready],
            pods: [try pod("p", "10.1.0.1"), try pod("p", "10.1.0.5")])
        #expect(named.services.map(\.clusterAddresses) == [[try address("10.2.0.2")]])
        #expect(named.pods.map(\.addresses) == [[try address("10.1.0.5")]])
        #expect(named.pod(at: try address("10.1.0.1")) == .unknown)
        #expect(named.endpoints == [ready])
        #expect(named.endpoints(.tcp, at: ready.endpoint) == [ready])
        ready.portName = "other"
        #expect(names(endpoints: [ready, unready]).endpoints.count == 2)
    }

    @Test func `nothing known`() throws {
        let empty = ClusterNames()
        #expect(empty.isEmpty)
        #expect(empty.pod(at: try address("10.0.0.1")) == .unknown)
        #expect(empty.service(.tcp, Endpoint(address: try address("10.0.0.1"), port: 80)) == nil)
        #expect(empty.node(at: try address("10.0.0.1")) == nil)
        #expect(empty.endpoints(of: ObjectName(namespace: "a", name: "b")).isEmpty)
    }
}
