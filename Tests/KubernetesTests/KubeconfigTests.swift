import Foundation
import KernelState
import Testing

@testable import Kubernetes

/// The server that the files' current context leads to, or what is said in its place.
private func read(_ files: [String: String], kubeconfig: String? = nil) throws -> Result<APIServer?, KernelStateError> {
    try inTemporaryFolder { folder in
        for (path, text) in files {
            let url = URL(filePath: folder + path)
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        var variables = ["HOME": "/home/ann"]
        variables["KUBECONFIG"] = kubeconfig
        let environment = Environment(variables: variables, root: folder) { _ in nil }
        return Result { () throws(KernelStateError) in
            var server = try Kubeconfig.server(environment)
            for part in [\APIServer.authority, \.clientCertificate, \.clientKey] as [WritableKeyPath<APIServer, APIServer.Certificates?>] {
                if case .file(let path)? = server?[keyPath: part] { server?[keyPath: part] = .file(String(path.dropFirst(folder.count))) }
            }
            return server
        }
    }
}

private func config(cluster: String = "server: https://10.0.0.1:6443", user: String = "token: t", rest: String = "") -> String {
    """
    apiVersion: v1
    kind: Config
    preferences: {}
    current-context: admin@prod
    clusters:
    - cluster:
        \(cluster)
      name: prod
    contexts:
    - context: {cluster: prod, namespace: shop, user: admin}
      name: admin@prod
    users:
    - name: admin
      user:
        \(user)
    \(rest)
    """
}

@Suite struct KubeconfigTests {
    @Test func `certificates and keys in base64 go before paths`() throws {
        let data = Data("PEM of a kind".utf8).base64EncodedString()
        let text = config(
            cluster:
                "{server: 'https://api.example:6443/', certificate-authority-data: \(data), tls-server-name: kubernetes, proxy-url: 'socks5://p:1'}",
            user: "{client-certificate-data: \(data), client-certificate: /other, client-key-data: >-\n      \(data)}".replacingOccurrences(
                of: ">-\n      ", with: ""))
        let server = try #require(try read(["/home/ann/.kube/config": text]).get())
        #expect(server.url == "https://api.example:6443")
        let bytes = APIServer.Certificates.bytes(Array("PEM of a kind".utf8))
        #expect(server.authority == bytes && server.clientCertificate == bytes && server.clientKey == bytes)
        #expect(server.tlsServerName == "kubernetes" && server.proxy == "socks5://p:1" && server.token == nil && !server.skipsVerification)
        #expect(server.origin == "the kubeconfig /home/ann/.kube/config")
    }

    @Test func `paths are taken from the kubeconfig's folder`() throws {
        let server = try #require(
            try read(
                [
                    "/etc/k/admin.conf": config(
                        cluster: "{server: https://a, certificate-authority: pki/ca.crt, insecure-skip-tls-verify: true}",
                        user: "{client-certificate: /etc/c.crt, client-key: ../c.key, tokenFile: token, token: unused}"),
                    "/etc/k/pki/ca.crt": "a", "/etc/c.crt": "b", "/etc/c.key": "c", "/etc/k/token": " fresh\n",
                ], kubeconfig: "/etc/k/admin.conf"
            ).get())
        #expect(server.authority == .file("/etc/k/pki/ca.crt"))
        #expect(server.clientCertificate == .file("/etc/c.crt"))
        #expect(server.clientKey == .file("/etc/k/../c.key"))
        #expect(server.token == "fresh")
        #expect(server.skipsVerification)
    }

    @Test func `JSON is a kubeconfig too`() throws {
        let json = #"""
            {"kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],
             "clusters":[{"name":"k","cluster":{"server":"https:\/\/[fd00::1]:6443"}}],"users":[{"name":"u","user":{"token":"é\"t"}}]}
            """#
        let server = try #require(try read(["/a": json], kubeconfig: "/a").get())
        #expect(server.url == "https://[fd00::1]:6443")
        #expect(server.token == "é\"t")
    }

    @Test func `of several files the first that names a thing decides, and those that are not there are passed over`() throws {
        let second = """
            current-context: other
            clusters: [{name: prod, cluster: {server: 'https://second'}}]
            users: [{name: admin, user: {token: second}}]
            contexts: [{name: other, context: {cluster: prod, user: admin}}]
            """
        let first = "current-context: other\nusers: [{name: admin, user: {token: first}}]\n"
        let server = try #require(try read(["/1": first, "/2": second], kubeconfig: "/none:/1::/2").get())
        #expect(server.url == "https://second")
        #expect(server.token == "first")
        #expect(server.origin == "the kubeconfig /1:/2")
    }

    @Test func `anchors and aliases`() throws {
        let text = config(user: "{token: &t abc}", rest: "extensions: [*t, *t]")
        #expect(try read(["/a": text], kubeconfig: "/a").get()?.token == "abc")
        // A few lines that would be a billion nodes.
        let bomb = (1...9).reduce("a0: &a0 [x,x,x,x,x,x,x,x,x]\n") { text, level in
            text + "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ","))]\n"
        }
        #expect(throws: KernelStateError.self) { try read(["/a": bomb], kubeconfig: "/a").get() }
    }

    @Test(arguments: [
        ("exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: aws-iam-authenticator", "the plugin 'aws-iam-authenticator'"),
        ("auth-provider: {name: gcp}", "the plugin 'gcp'"), ("{username: a, password: b}", "signs in with a password"),
    ])
    func `who signs in by other means is told the way by a file`(user: String, message: String) throws {
        let result = try read(["/a": config(user: user)], kubeconfig: "/a")
        guard case .failure(let error) = result else {
            Issue.record("no failure")
            return
        }
        #expect(error.description.hasPrefix("reading the kubeconfig /a: its user 'admin'"))
        #expect(error.cause.contains(message))
        #expect(error.remedy == "run `kubectl get services,endpointslices,pods,nodes -A -o json > names.json` and give --kube names.json")
    }

    @Test(arguments: [
        ("current-context: [", "reading the kubeconfig /a: line 2: did not find expected node"),
        ("clusters: []", "it names no current context; choose one with `kubectl"),
        ("current-context: x", "it has no context 'x', its current one"),
        ("current-context: x\ncontexts: [{name: x, context: {cluster: y}}]", "it has no cluster 'y', that of the context 'x'"),
        (config(cluster: "{certificate-authority: a}"), "its cluster 'prod' has no server"),
        (config(cluster: "server: file:///etc/passwd"), "the server 'file:///etc/passwd' of its cluster 'prod' is no https address"),
        (config(cluster: "{server: https://a, certificate-authority-data: '%'}"), "its certificate-authority-data is not base64"),
        (config(user: "{client-certificate: /none}"), "there is no file /none, its client-certificate"),
        (config(user: "{tokenFile: /none}"), "reading /none: No such file or directory"), ("", "it names no current context"),
    ])
    func `what is wrong is said`(text: String, message: String) throws {
        let result = try read(["/a": text], kubeconfig: "/a")
        guard case .failure(let error) = result else {
            Issue.record("no failure: \(result)")
            return
        }
        #expect(error.description.contains(message), "\(error)")
    }

    @Test func `nobody has a kubeconfig`() throws {
        #expect(try read([:]).get() == nil)
    }

    @Test(arguments: [
        ("https://a.example", "a.example", 443, ""), ("https://[fd00::1]:6443/x/y", "[fd00::1]", 6443, "/x/y"),
        ("http://10.0.0.1/", "10.0.0.1", 80, "/"),
        ("https://[::1]", "[::1]", 443, ""),
    ])
    func `a URL's host and port`(url: String, host: String, port: Int, path: String) throws {
        let parts = try #require(HostAndPort(url: url))
        #expect((parts.host, parts.port, parts.path) == (host, port, path))
    }
}
