import Foundation
import KernelState
import Testing

@testable import Kubernetes

private let dns = ObjectName(namespace: "kube-system", name: "kube-dns")

/// Against an API server of the test's own, over real TLS.
@Suite struct KubeRequestTests {
    private func expectWhole(_ answer: ClusterAnswer, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(answer.notices == [], sourceLocation: sourceLocation)
        let file = try readFile(Fixtures.cluster).names
        #expect(Set(answer.names.services) == Set(file.services), sourceLocation: sourceLocation)
        #expect(Set(answer.names.endpoints) == Set(file.endpoints), sourceLocation: sourceLocation)
        #expect(Set(answer.names.pods) == Set(file.pods), sourceLocation: sourceLocation)
        #expect(Set(answer.names.nodes) == Set(file.nodes), sourceLocation: sourceLocation)
    }

    @Test func `a token, and what is asked`() throws {
        let fake = try FakeAPIServer("--token", "secret")
        try expectWhole(fake.names { $0.token = "secret" })
        let requests = try fake.requests()
        #expect(requests.count == 4)
        #expect(requests.allSatisfy { $0.headers["Authorization"] == "Bearer secret" && $0.path.contains("limit=500") })
        #expect(requests.contains { $0.path.hasSuffix("fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed") })
    }

    @Test func `pages are followed to the last`() throws {
        let fake = try FakeAPIServer("--page-size", "1")
        try expectWhole(fake.names())
        #expect(try fake.requests().count == 2 + 2 + 4 + 2)
    }

    @Test func `a client certificate, from files and from bytes`() throws {
        let fake = try FakeAPIServer("--client-certificate")
        try expectWhole(
            fake.names {
                $0.clientCertificate = .file(fake.folder + "/client.crt")
                $0.clientKey = .file(fake.folder + "/client.key")
            })
        let (authority, certificate, key) = (try fake.file("ca.crt"), try fake.file("client.crt"), try fake.file("client.key"))
        try expectWhole(
            fake.names {
                $0.authority = .bytes(authority)
                $0.clientCertificate = .bytes(certificate)
                $0.clientKey = .bytes(key)
            })
        let without = fake.names()
        #expect(without.names.isEmpty && !without.notices.isEmpty)
        #expect(without.notices.allSatisfy { $0.contains("from https://127.0.0.1:\(fake.port)") })
    }

    @Test func `a refused token is one problem, not four`() throws {
        let answer = try FakeAPIServer("--token", "secret").names { $0.token = "old" }
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].hasPrefix("reading services, endpointslices, pods, nodes from https://127.0.0.1:"))
        #expect(answer.notices[0].contains("401, the credentials of the test are refused (Unauthorized); sign in again"))
    }

    @Test func `403 for one kind loses that kind alone, and names the rule that is needed`() throws {
        let answer = try FakeAPIServer("--forbid", "pods").names()
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].hasPrefix("reading pods from"))
        #expect(answer.notices[0].contains("403, it is forbidden (pods is forbidden: User \"test\" cannot list resource \"pods\")"))
        #expect(answer.notices[0].contains("--verb=list --resource=services,endpointslices.discovery.k8s.io,pods,nodes"))
        #expect(answer.names.pods.isEmpty)
        #expect(answer.names.endpoints(of: dns).count == 6)
        #expect(answer.names.nodes.count == 2)
    }

    @Test func `a kind that hangs costs the timeout and no more than itself`() throws {
        // Enough for the other three on a machine that is busy with the other tests.
        let answer = try FakeAPIServer("--hang", "pods").names(timeout: 8)
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].hasPrefix("reading pods from"))
        #expect(answer.notices[0].contains("no whole answer"))
        #expect(answer.notices[0].contains("--kube-timeout"))
        #expect(answer.names.services.count == 2)
    }

    @Test func `a list that changes between its pages: the first pages are kept`() throws {
        let answer = try FakeAPIServer("--page-size", "2", "--gone", "pods").names()
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].contains("410, the list changed while it was read (The provided continue parameter is too old); try again"))
        #expect(answer.names.pods.count == 2)
        #expect(answer.names.services.count == 2)
    }

    @Test func `a cluster without slices is asked for Endpoints`() throws {
        let fake = try FakeAPIServer("--absent", "endpointslices")
        let answer = fake.names()
        #expect(answer.notices == [])
        #expect(try fake.requests().contains { $0.path.hasPrefix("/api/v1/endpoints?") })
        let neither = try FakeAPIServer("--absent", "endpointslices", "endpoints").names()
        #expect(neither.notices.count == 1)
        #expect(neither.notices[0].contains("reading endpointslices from") && neither.notices[0].contains("404"))
    }

    @Test func `a server behind a path`() throws {
        let fake = try FakeAPIServer("--prefix", "/k8s/clusters/c-1")
        try expectWhole(fake.names { $0.url += "/k8s/clusters/c-1" })
        #expect(fake.names().notices.count == 1)
    }

    @Test func `certificates of another authority or another name are not believed`() throws {
        let fake = try FakeAPIServer("--names", "DNS:kubernetes.test")
        let unknown = fake.names { $0.authority = nil }
        #expect(unknown.names.isEmpty)
        #expect(unknown.notices.count == 1)
        #expect(unknown.notices[0].contains("the certificates do not fit"))
        let misnamed = fake.names()
        #expect(misnamed.names.isEmpty)
        #expect(misnamed.notices.allSatisfy { $0.contains("the certificates do not fit") })
        try expectWhole(fake.names { $0.skipsVerification = true })
        try expectWhole(fake.names { $0.tlsServerName = "kubernetes.test" })
        #expect(try fake.requests().allSatisfy { $0.headers["Host"] == "127.0.0.1:\(fake.port)" })
        #expect(fake.names { $0.tlsServerName = "other.test" }.names.isEmpty)
    }

    @Test func `an authority that is no certificate`() throws {
        let answer = try FakeAPIServer().names { $0.authority = .bytes(Array("nonsense".utf8)) }
        #expect(answer.names.isEmpty)
        #expect(answer.notices.allSatisfy { $0.contains("the certificates do not fit") }, "\(answer.notices)")
    }

    @Test func `a page that is no list, and one that ends early`() throws {
        let garbage = try FakeAPIServer("--garbage", "nodes").names()
        #expect(garbage.notices.count == 1)
        #expect(garbage.notices[0].contains("reading nodes from") && garbage.notices[0].contains("the answer is no list of objects"))
        let truncated = try FakeAPIServer("--truncate", "pods").names()
        #expect(truncated.notices.count == 1)
        #expect(truncated.notices[0].contains("reading pods from"))
        #expect(truncated.names.pods.count == 3, "the whole ones are kept")
    }

    @Test func `how long it took is no part of a failure`() {
        let told = ["0", "17"].map { "Failed to connect to 127.0.0.1 port 9 after \($0) ms: Couldn't connect to server" }
        #expect(Set(told.map(APIConnection.withoutTime)) == ["Failed to connect to 127.0.0.1 port 9: Couldn't connect to server"])
    }

    @Test func `nobody listens`() throws {
        let closed = try ClosedPort()
        let answer = KubeRequest(APIServer(url: "https://127.0.0.1:\(closed.number)", origin: "the test"), timeout: 20).wait()
        #expect(answer.names.isEmpty)
        #expect(answer.notices.count == 1)
        #expect(answer.notices[0].contains("check the server's address in the test"))
        #expect(answer.notices[0].contains("kubectl get services,endpointslices,pods,nodes -A -o json"))
    }

    @Test func `the service account of a pod, before any kubeconfig`() throws {
        let fake = try FakeAPIServer("--token", "of the pod")
        let mount = fake.folder + ServiceAccount.folder
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        try Data("of the pod\n".utf8).write(to: URL(filePath: mount + "/token"))
        try FileManager.default.copyItem(atPath: fake.folder + "/ca.crt", toPath: mount + "/ca.crt")
        var environment = Environment(variables: [:], root: fake.folder) { _ in nil }
        environment.variables = [
            "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(fake.port)", "KUBECONFIG": "/ca.crt",
        ]
        try expectWhole(KubeRequest.start(environment, timeout: 20).wait())
    }

    @Test func `the kubeconfig of who called sudo`() throws {
        let fake = try FakeAPIServer("--token", "mine")
        try FileManager.default.createDirectory(atPath: fake.folder + "/home/ann/.kube", withIntermediateDirectories: true)
        let config = """
            apiVersion: v1
            kind: Config
            current-context: here
            contexts: [{name: here, context: {cluster: c, user: u}}]
            clusters:
            - name: c
              cluster: {server: "https://127.0.0.1:\(fake.port)/", certificate-authority: ../../../ca.crt}
            users: [{name: u, user: {tokenFile: token}}]
            """
        try Data(config.utf8).write(to: URL(filePath: fake.folder + "/home/ann/.kube/config"))
        try Data("mine".utf8).write(to: URL(filePath: fake.folder + "/home/ann/.kube/token"))
        let environment = Environment(variables: ["HOME": "/root", "SUDO_USER": "ann"], root: fake.folder) { "/home/\($0)" }
        try expectWhole(KubeRequest.start(environment, timeout: 20).wait())
    }

    @Test func `no cluster to be found`() {
        let nothing = KubeRequest.start(Environment(variables: ["HOME": "/nowhere"]) { _ in nil }, timeout: 1).wait()
        #expect(nothing.notices.count == 1)
        #expect(nothing.notices[0].hasPrefix("looking for the cluster: there is no service account and no ~/.kube/config; set KUBECONFIG"))
        let missing = KubeRequest.start(Environment(variables: ["KUBECONFIG": "/no/a:/no/b"]) { _ in nil }, timeout: 1).wait()
        #expect(missing.notices[0].contains("no file of KUBECONFIG=/no/a:/no/b"))
    }

    @Test func `a file is read beside what else is done`() throws {
        try inTemporaryFolder { folder in
            let path = folder + "/names.json"
            try Data(Fixtures.cluster.utf8).write(to: URL(filePath: path))
            let request = KubeRequest.start(file: path)
            try expectWhole(request.wait())
        }
    }
}
