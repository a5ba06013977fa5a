import FoundationEssentials
import KernelState

/// The files that kubectl finds its clusters in, merged as it merges them: the first file that names a thing decides.
struct Kubeconfig {
    /// A cluster, user or context by its name, with the folder that its relative paths start from.
    private struct Entry {
        var tree: YAMLTree
        var folder: String
    }
    private var clusters: [String: Entry] = [:]
    private var users: [String: Entry] = [:]
    private var contexts: [String: Entry] = [:]
    private var currentContext: String?
    private let origin: String
    private let environment: Environment
    private var operation: String { "reading \(origin)" }

    /// The files that exist: of $KUBECONFIG if that is set, else of the home, and under sudo of the home of who called it.
    static func paths(_ environment: Environment) -> [String] {
        if let list = environment["KUBECONFIG"] {
            return list.split(separator: ":").map(String.init).filter { environment.exists($0) }
        }
        let homes = [environment["HOME"], environment["SUDO_USER"].flatMap { environment.home($0) }].compactMap { $0 }
        return homes.map { $0 + "/.kube/config" }.first { environment.exists($0) }.map { [$0] } ?? []
    }

    /// The API server of the current context; nil where there is no kubeconfig.
    ///
    /// - Throws: what is wrong in the kubeconfig, or not to be done from it.
    static func server(_ environment: Environment) throws(KernelStateError) -> APIServer? {
        let paths = paths(environment)
        guard !paths.isEmpty else { return nil }
        return try Kubeconfig(paths: paths, environment).server()
    }

    init(paths: [String], _ environment: Environment) throws(KernelStateError) {
        self.origin = "the kubeconfig \(paths.joined(separator: ":"))"
        self.environment = environment
        for path in paths {
            let bytes = try environment.bytes(of: path)
            do throws(YAMLTree.Failure) {
                merge(try YAMLTree(yaml: bytes), folder: path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
            } catch {
                throw KernelStateError(operation: "reading the kubeconfig \(path)", cause: "line \(error.line): \(error.problem)")
            }
        }
    }

    private mutating func merge(_ file: YAMLTree, folder: String) {
        currentContext = currentContext ?? file["current-context"]?.text
        let collect = { (list: String, kind: String, into: inout [String: Entry]) in
            for item in file[list]?.items ?? [] {
                guard let name = item["name"]?.text, let tree = item[kind], into[name] == nil else { continue }
                into[name] = Entry(tree: tree, folder: folder)
            }
        }
        collect("clusters", "cluster", &clusters)
        collect("users", "user", &users)
        collect("contexts", "context", &contexts)
    }

    func server() throws(KernelStateError) -> APIServer {
        guard let currentContext else {
            throw failure("it names no current context", "choose one with `kubectl config use-context NAME`")
        }
        guard let context = contexts[currentContext]?.tree else { throw failure("it has no context '\(currentContext)', its current one", "") }
        guard let clusterName = context["cluster"]?.text, let cluster = clusters[clusterName] else {
            throw failure("it has no cluster '\(context["cluster"]?.text ?? "")', that of the context '\(currentContext)'", "")
        }
        var server = APIServer(url: try url(cluster, clusterName), origin: origin)
        server.skipsVerification = cluster.tree["insecure-skip-tls-verify"]?.text == "true"
        server.tlsServerName = cluster.tree["tls-server-name"]?.text
        server.proxy = cluster.tree["proxy-url"]?.text
        server.authority = try certificates("certificate-authority", of: cluster)
        if let userName = context["user"]?.text, let user = users[userName] { try add(user, userName, to: &server) }
        return server
    }

    private func url(_ cluster: Entry, _ name: String) throws(KernelStateError) -> String {
        guard let url = cluster.tree["server"]?.text else { throw failure("its cluster '\(name)' has no server", "") }
        if url.hasPrefix("https://") || url.hasPrefix("http://") { return url }
        if !url.contains("://") { return "https://" + url }
        throw failure("the server '\(url)' of its cluster '\(name)' is no https address", "")
    }

    private func add(_ user: Entry, _ name: String, to server: inout APIServer) throws(KernelStateError) {
        if let path = user.tree["tokenFile"]?.text {
            server.token = try environment.text(of: resolved(path, user))
        } else {
            server.token = user.tree["token"]?.text
        }
        server.clientCertificate = try certificates("client-certificate", of: user)
        server.clientKey = try certificates("client-key", of: user)
        if server.token != nil || server.clientCertificate != nil { return }
        for plugin in ["exec", "auth-provider"] where user.tree[plugin] != nil {
            let program = user.tree[plugin]?["command"]?.text ?? user.tree[plugin]?["name"]?.text
            throw failure(
                "its user '\(name)' signs in with the plugin '\(program ?? plugin)', which kstate does not run", Kubeconfig.fileWay)
        }
        if user.tree["username"] != nil {
            throw failure("its user '\(name)' signs in with a password, which API servers no longer take", Kubeconfig.fileWay)
        }
    }

    /// What always works, for whoever can use kubectl.
    static let fileWay = "run `\(ClusterFile.command) > names.json` and give --kube names.json"

    /// KEY-data has the bytes in base64, and goes before KEY, a path.
    private func certificates(_ key: String, of entry: Entry) throws(KernelStateError) -> APIServer.Certificates? {
        if let text = entry.tree[key + "-data"]?.text {
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
                throw failure("its \(key)-data is not base64", "")
            }
            return .bytes(Array(data))
        }
        guard let path = entry.tree[key]?.text else { return nil }
        let place = resolved(path, entry)
        guard environment.exists(place) else { throw failure("there is no file \(place), its \(key)", "") }
        return .file(environment.place(place))
    }

    private func resolved(_ path: String, _ entry: Entry) -> String {
        path.hasPrefix("/") ? path : entry.folder + "/" + path
    }

    private func failure(_ cause: String, _ remedy: String) -> KernelStateError {
        KernelStateError(operation: operation, cause: cause, remedy: remedy)
    }
}
