import Foundation
import KernelState
import Testing

@testable import Kubernetes

/// Reads `text` as a file's contents.
func readFile(_ text: String, name: String = "names.json") throws -> ClusterAnswer {
    try readFile(Data(text.utf8), name: name)
}

private func readFile(_ data: Data, name: String = "names.json") throws -> ClusterAnswer {
    try inTemporaryFolder { folder in
        let path = folder + "/" + name
        try data.write(to: URL(filePath: path))
        return ClusterFile(path: path).read()
    }
}

@Suite struct ClusterFileTests {
    @Test func `what kubectl prints becomes names`() throws {
        let answer = try readFile(Fixtures.cluster)
        #expect(answer.notices == [])
        let names = answer.names
        let dns = try #require(names.service(.udp, endpoint("10.233.0.3", 53)))
        #expect(dns.description == "kube-system/kube-dns:dns")
        #expect(dns.addressKind == .clusterIP)
        #expect(names.service(.tcp, endpoint("fd00:10:233::3", 9153))?.description == "kube-system/kube-dns:metrics")
        #expect(names.service(.udp, endpoint("10.233.0.3", 9153)) == nil)
        let endpoints = names.endpoints(of: ObjectName(namespace: "kube-system", name: "kube-dns"))
        #expect(endpoints.count == 6)
        let terminating = try #require(endpoints.first { $0.isTerminating })
        #expect(!terminating.isReady && terminating.isServing)
        #expect(terminating.pod?.name == "coredns-5d78c9869d-k7m2p")
        guard case .pod(let pod) = names.pod(at: address("10.233.71.1")) else {
            Issue.record("no pod")
            return
        }
        #expect(pod.name.description == "kube-system/coredns-5d78c9869d-2xvqz")
        #expect(pod.node == "node3" && pod.isReady && pod.deletedAt == nil)
        #expect(names.pod(at: address("fd00:10:233:71::1")) == .pod(pod))
        #expect(names.pods.first { $0.name.name == "coredns-5d78c9869d-k7m2p" }?.deletedAt == 1_795_518_030)
        #expect(names.pod(at: address("192.168.56.13")) == .node("node3", hostNetworkPods: 1))
        #expect(names.node(at: address("192.168.56.13")) == "node3")
    }

    @Test func `a node port is asked on any node's address, and on no other`() throws {
        let names = try readFile(Fixtures.cluster).names
        let web = try #require(names.service(.tcp, endpoint("192.168.56.11", 30080)))
        #expect(web == ServiceName(service: ObjectName(namespace: "shop", name: "web"), portName: "", port: 80, addressKind: .nodePort))
        #expect(web.description == "shop/web:80")
        #expect(names.service(.tcp, endpoint("192.168.56.13", 30080)) == web)
        #expect(names.service(.tcp, endpoint("192.168.56.99", 30080)) == nil)
        #expect(names.service(.udp, endpoint("192.168.56.11", 30080)) == nil)
        #expect(names.service(.tcp, endpoint("203.0.113.7", 80))?.addressKind == .externalIP)
        #expect(names.service(.tcp, endpoint("198.51.100.20", 80))?.addressKind == .loadBalancer)
    }

    @Test func `lists of one kind one after another, whose items do not say their kind`() throws {
        let answer = try readFile(
            """
            {"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"n1"},
             "status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"},{"type":"Hostname","address":"n1"}]}}]}
            {"kind":"PodList","items":[{"metadata":{"name":"p","namespace":"d"},"spec":{"nodeName":"n1"},"status":{"podIP":"10.1.0.1"}}]}
            {"kind":"Service","metadata":{"name":"s","namespace":"d"},"spec":{"clusterIP":"10.2.0.1","ports":[{"port":80}]}}
            """)
        #expect(answer.notices == [])
        #expect(answer.names.nodes.map(\.name) == ["n1"])
        #expect(answer.names.pod(at: address("10.1.0.1")) == .pod(answer.names.pods[0]))
        #expect(answer.names.service(.tcp, endpoint("10.2.0.1", 80))?.description == "d/s:80")
    }

    @Test func `Endpoints of old clusters stand in where there is no slice`() throws {
        let subset = """
            "subsets":[{"addresses":[{"ip":"10.1.0.1","nodeName":"n1","targetRef":{"kind":"Pod","name":"p1","namespace":"d"}}],
             "notReadyAddresses":[{"ip":"10.1.0.2"}],"ports":[{"name":"http","port":8080}]}]
            """
        let endpoints = #"{"kind":"Endpoints","metadata":{"name":"NAME","namespace":"d"},\#(subset)}"#
        let slice = """
            {"kind":"EndpointSlice","addressType":"IPv4","metadata":{"name":"b-x1","namespace":"d","labels":{"kubernetes.io/service-name":"b"}},
             "endpoints":[{"addresses":["10.1.0.9"]}],"ports":[{"name":"http","protocol":"TCP","port":8080}]}
            """
        let names = try readFile(
            endpoints.replacingOccurrences(of: "NAME", with: "a") + endpoints.replacingOccurrences(of: "NAME", with: "b") + slice
        ).names
        let old = names.endpoints(of: ObjectName(namespace: "d", name: "a"))
        #expect(old.map(\.isReady) == [true, false])
        #expect(old.map(\.pod) == [ObjectName(namespace: "d", name: "p1"), nil])
        #expect(names.endpoints(of: ObjectName(namespace: "d", name: "b")).map(\.endpoint) == [endpoint("10.1.0.9", 8080)])
        #expect(names.endpoints(of: ObjectName(namespace: "d", name: "b"))[0].isReady, "ready when nothing is said")
    }

    @Test func `a truncated file gives what is whole, and says what is lost`() throws {
        let cut = String(Fixtures.cluster.prefix(Fixtures.cluster.count - 400))
        let answer = try readFile(cut)
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].contains("truncated, it ends in the middle of object"))
        #expect(answer.notices[0].contains("objects before are used"))
        #expect(answer.names.service(.udp, endpoint("10.233.0.3", 53)) != nil)
    }

    @Test func `an object that cannot be decoded is named, and costs no other`() throws {
        let answer = try readFile(
            """
            {"items":[{"kind":"Service","metadata":{"name":"bad","namespace":"d"},"spec":{"ports":[{"port":"http"}]}},
             {"kind":"Service","metadata":{"name":"good","namespace":"d"},"spec":{"clusterIP":"10.2.0.1","ports":[{"port":80}]}},
             {"kind":"Pod","metadata":{"name":oops}}],"kind":"List"}
            """)
        #expect(answer.notices.contains { $0.contains("2 of 3 objects are left out") })
        #expect(answer.notices.contains { $0.hasPrefix("objects cannot be decoded: 2, as Service d/bad, wrong or missing spec.ports") })
        #expect(answer.names.service(.tcp, endpoint("10.2.0.1", 80)) != nil)
    }

    @Test(arguments: [
        ("", "it is empty; write it with `kubectl get services"),
        ("apiVersion: v1\nitems:\n- kind: Pod\n", "it is YAML; use -o json"),
        ("---\n- a\n", "it is YAML; use -o json"),
        ("apiVersion: v1\nclusters: []\nkind: Config\n", "it is a kubeconfig; give it as KUBECONFIG="),
        ("\u{1f}\u{8b}", "it is not JSON, byte 0 is the value 31"),
        ("No resources found\n", "it is not JSON, byte 0 is 'N'; give what `kubectl get"),
        ("{\"kind\":\"ConfigMap\",\"metadata\":{}}{\"kind\":\"ConfigMap\"}{}", "it holds nothing but 1 of kind (none), 2 of kind ConfigMap; write"),
        ("{\"kind\":\"List\",\"items\":[]}", "it holds no objects; write it with"),
        ("[1,2]", "it is not JSON, byte 1 is '1'"),
    ])
    func `what is no such file is told with its remedy`(contents: String, message: String) throws {
        let answer = try readFile(contents)
        #expect(answer.names.isEmpty)
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].contains(message), "\(answer.notices)")
        #expect(answer.notices[0].hasPrefix("reading names from /"))
    }

    @Test func `a compressed file, a missing one, a folder`() throws {
        #expect(try readFile(Data([0x1f, 0x8b, 8, 0])).notices[0].contains("it is compressed"))
        #expect(ClusterFile(path: "/no/such").read().notices == ["reading names from /no/such: No such file or directory"])
        #expect(ClusterFile(path: "/proc").read().notices[0].contains("Is a directory"))
    }

    @Test func `a byte order mark is no harm`() throws {
        #expect(try readFile("\u{feff}" + Fixtures.cluster).notices == [])
    }

    @Test func `text behind the objects ends the reading, and they are kept`() throws {
        let answer = try readFile(Fixtures.cluster + "\nerror: connection lost\n")
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].contains("is 'e'; the"))
        #expect(!answer.names.isEmpty)
    }

    @Test func `progress is told, and ends at the file's size`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/names.json"
            let data = Data(String(repeating: Fixtures.cluster, count: 100).utf8)
            try data.write(to: URL(filePath: path))
            var seen: [ClusterFile.Progress] = []
            let answer = ClusterFile(path: path).read { seen.append($0) }
            #expect(seen.count > 1)
            #expect(seen.last?.bytesRead == data.count)
            #expect(seen.last?.bytesInAll == data.count)
            #expect(seen.map(\.bytesRead) == seen.map(\.bytesRead).sorted())
            #expect(answer.notices == [], "the same objects a hundred times are the same objects")
            #expect(answer.names.pods.count == 4)
        }
    }

    @Test func `addresses that cannot be read, or are missing, are counted`() throws {
        let answer = try readFile(
            """
            {"items":[{"kind":"Service","metadata":{"name":"a","namespace":"d"},"spec":{"clusterIP":"10.2.0.300","ports":[{"port":80}]}},
             {"kind":"Service","metadata":{"name":"b","namespace":"d"},"spec":{"type":"ClusterIP","ports":[{"port":99999}]}},
             {"kind":"Service","metadata":{"name":"c","namespace":"d"},"spec":{"type":"ExternalName","externalName":"x.example"}},
             {"kind":"Service","metadata":{"name":"e","namespace":"d"},"spec":{"clusterIP":"None","clusterIPs":["None"],"ports":[{"port":1}]}},
             {"kind":"Node","metadata":{"name":"n"},"status":{}},
             {"kind":"Pod","metadata":{"name":"p","namespace":"d"},"status":{"conditions":[{"type":"Ready","status":"True"}]}},
             {"kind":"Pod","metadata":{"name":"pending","namespace":"d"},"spec":{},"status":{"phase":"Pending"}}],"kind":"List"}
            """)
        #expect(
            answer.notices == [
                "addresses cannot be read: 1, as '10.2.0.300' of service d/a", "ports of services are none: 1, as TCP 99999 of d/b",
                "nodes have no address: 1, as n", "pods are ready and have no address: 1, as d/p", "services have no address: 2, as d/a",
            ])
        #expect(answer.names.services.first { $0.name.name == "e" }?.isHeadless == true)
        #expect(answer.names.services.first { $0.name.name == "e" }?.hasSelector == false)
    }
}
